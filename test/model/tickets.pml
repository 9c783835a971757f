/* Tickets. A dispatcher brings tickets { chunk, epoch } to workers; it may lose, delay and double them, and be emptied as a
 * whole. The store alone decides: a ticket is a hint to claim. What is READY, or has run out, is offered again, so nothing
 * waits for ever. 2 chunks, 2 workers. Each atomic block is one transaction, or one step of the dispatcher. */
#ifndef LOSE
#define LOSE 2        /* tickets lost */
#endif
#ifndef DOUBLE
#define DOUBLE 1      /* tickets doubled */
#endif
#ifndef KILLS
#define KILLS 1
#endif
#define NC 2
#define NW 2
#define READY 1
#define LEASED 2
#define DONE 3
byte st[NC], epoch[NC]; bool live[NC];
byte outcomes[NC];
byte bag[NC];                     /* tickets of a chunk under way: 0 to 2; their epochs do not matter to the claim */
byte we[NW], wc[NW];              /* a worker's lease */
byte lose = LOSE, dbl = DOUBLE, kills = KILLS;
#define free(c) (st[c]==READY || (st[c]==LEASED && !live[c]))

proctype offerer() {              /* every node offers what is free in the store */
end:
  do
#ifdef OFFER_ONCE
  :: atomic { free(0) && epoch[0]==0 && bag[0]==0 && lose==LOSE -> bag[0]++ }
  :: atomic { free(1) && epoch[1]==0 && bag[1]==0 && lose==LOSE -> bag[1]++ }
#else
  :: atomic { free(0) && bag[0]==0 -> bag[0]++ }
  :: atomic { free(1) && bag[1]==0 -> bag[1]++ }
#endif
  od
}
proctype dispatcher() {
end:
  do
  :: atomic { lose>0 && bag[0]>0 -> lose--; bag[0] = 0 }
  :: atomic { lose>0 && bag[1]>0 -> lose--; bag[1] = 0 }
  :: atomic { dbl>0 && bag[0]==1 -> dbl--; bag[0]++ }
  :: atomic { dbl>0 && bag[1]==1 -> dbl--; bag[1]++ }
  od
}
proctype worker(byte w) {
  byte c;
end:
  do
  :: atomic { we[w]==0 && (bag[0]>0 || bag[1]>0) ->
       if :: bag[0]>0 -> c = 0 :: bag[1]>0 -> c = 1 fi;
       bag[c]--;
#ifdef TICKET_IS_TRUTH
       epoch[c]++; st[c] = LEASED; live[c] = true; we[w] = epoch[c]; wc[w] = c
#else
       if :: free(c) -> epoch[c]++; st[c] = LEASED; live[c] = true; we[w] = epoch[c]; wc[w] = c
          :: else fi
#endif
     }
  :: atomic { we[w]>0 ->                             /* commit, fenced */
       c = wc[w];
       if :: epoch[c]==we[w] && st[c]==LEASED -> outcomes[c]++; st[c] = DONE; live[c] = false; assert(outcomes[c]==1)
          :: else fi;
       we[w] = 0 }
  :: atomic { kills>0 && we[w]>0 -> kills--; we[w] = 0 }
  od
}
#define held(c) ((we[0]==epoch[c] && wc[0]==c) || (we[1]==epoch[c] && wc[1]==c))
proctype time() {
end:
  do
  :: atomic { st[0]==LEASED && live[0] && !held(0) -> live[0] = false }
  :: atomic { st[1]==LEASED && live[1] && !held(1) -> live[1] = false }
  od
}
init {
  atomic { st[0] = READY; st[1] = READY; run offerer(); run dispatcher(); run worker(0); run worker(1); run time() }
  end: timeout -> assert(st[0]==DONE && st[1]==DONE)
}
