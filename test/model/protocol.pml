/* Job, discovery, chunks, leases, commit, finish, cancel, pause, resume, give-up.
 * Each atomic block is one database transaction. 2 pages of 1 chunk, 2 assets a chunk,
 * then an empty last page that completes discovery (so it may complete after the last chunk).
 * Every step of the adversary costs budget, so runs are finite: a run that ends with an
 * unsettled job is a stuck job (monitor, on timeout).  -D names switch a guard off. */
#ifndef NW
#define NW 2          /* workers */
#endif
#ifndef KILLS
#define KILLS 1       /* crashes */
#endif
#ifndef FREEZE
#define FREEZE 1      /* leases that run out under a living owner */
#endif
#ifndef LOSE
#define LOSE 1        /* answers lost */
#endif
#ifndef RELS
#define RELS 0        /* voluntary releases (SIGTERM) */
#endif
#ifndef CANCELS
#define CANCELS 0
#endif
#ifndef PAUSES
#define PAUSES 0
#endif
#ifndef RESUMES
#define RESUMES 0
#endif
#ifndef DFAILS
#define DFAILS 0      /* discovery found impossible, so many times */
#endif
#ifndef HOLD
#define HOLD 1        /* leases a worker holds at once */
#endif
#ifndef ALLFAIL
#define ALLFAIL 0
#endif
/* failing assets: asset 0 when MAXF is given (give up above MAXF failures in an attempt) */

#define NC 2
#define D 2           /* row of discovery's lease in the lease table; its part is the cursor */
#define NL 3
#define WAITING 0
#define PROCESSING 1
#define CANCELLING 2
#define PAUSED 3
#define SUCCESS 4
#define FAILURE 5
#define CANCELLED 6
#define NONE 0
#define READY 1
#define LEASED 2
#define DONE 3

byte status = WAITING; bool pausing, giving, scope = true;
byte st[NL], epoch[NL], part[NL], owner[NL]; bool live[NL];
byte outc[4];                       /* outcome of an asset: 0 none, 1 succeeded, 2 failed */
byte open, total, nsucc, nfail, failBase, ends;
byte logged;                        /* lines in the job's log blocks: here one for each outcome */
#ifdef LOG_SEPARATE
byte owedLines[NW];
#endif
byte kills = KILLS, frz = FREEZE, lose = LOSE, rels = RELS, dfails = DFAILS;
/* what a worker believes; we = 0: holds nothing */
byte we[NW*NL], wk[NW*NL], wp[NW*NL], wt[NW*NL];
#ifdef OPEN_SEPARATE
byte owed[NW];
#endif

#define X(w,l) ((w)*NL+(l))
#define anyLeasedChunk (st[0]==LEASED || st[1]==LEASED)
#ifdef DRAIN_WITHOUT_DISC
#define anyLeased anyLeasedChunk
#else
#define anyLeased (anyLeasedChunk || st[D]==LEASED)
#endif
#define holdsScope (status==WAITING||status==PROCESSING||status==CANCELLING||status==PAUSED)
#define isFinal (status==SUCCESS||status==FAILURE||status==CANCELLED)
#define settled (isFinal || status==PAUSED)
#define stopping (status==CANCELLING || pausing || giving)
#define claimable ((status==WAITING||status==PROCESSING) && !pausing && !giving)
#define free(l) (st[l]==READY || (st[l]==LEASED && !live[l]))
#define holds(w) ((we[X(w,0)]>0)+(we[X(w,1)]>0)+(we[X(w,2)]>0))
#define B(x) ((x)->1:0)
#define is(a,v) B(outc[a]==v)
#define isOpen(c) B(st[c]==READY||st[c]==LEASED)
#define has(c) B(st[c]!=NONE)

inline inv() {
  assert(nsucc == is(0,1)+is(1,1)+is(2,1)+is(3,1));
  assert(nfail == is(0,2)+is(1,2)+is(2,2)+is(3,2));
  assert(total == 2*(has(0)+has(1)));
  assert(open == isOpen(0)+isOpen(1));
  assert(st[0]!=DONE || (outc[0] && outc[1]));
  assert(st[1]!=DONE || (outc[2] && outc[3]));
  assert(scope == holdsScope);
  assert(status==PROCESSING || status==CANCELLING || !(anyLeasedChunk || st[D]==LEASED));
  assert(status!=SUCCESS || (nsucc+nfail==4 && st[D]==DONE && open==0));
  assert(ends <= 1);
#ifdef LOG_SEPARATE
  assert(!settled || logged == nsucc+nfail);
#else
  assert(logged == nsucc+nfail);    /* log and counters agree in every committed state */
#endif
  assert(!(isFinal) || (ends==1 && !pausing && !giving));
}
inline endJob(s) { status = s; pausing = false; giving = false; scope = false; ends++ }
inline drain() {                    /* in every transaction that may have ended the last lease */
  if
  :: status==CANCELLING && !anyLeased -> endJob(CANCELLED)
  :: status==PROCESSING && giving && !anyLeased -> endJob(FAILURE)
  :: status==PROCESSING && !giving && pausing && !anyLeased -> status = PAUSED; pausing = false
  :: else
  fi
}
inline finish() {
  if
#ifdef FINISH_IGNORES_CANCEL
  :: (status==PROCESSING || status==CANCELLING) && st[D]==DONE && open==0 && !giving
#else
#ifdef PAUSE_BEATS_FINISH
  :: status==PROCESSING && st[D]==DONE && open==0 && !giving && !pausing
#else
  :: status==PROCESSING && st[D]==DONE && open==0 && !giving
#endif
#endif
     -> assert(status==PROCESSING);                      /* cancel wins once accepted */
        if :: nfail==total && total>0 -> endJob(FAILURE) :: else -> endJob(SUCCESS) fi
  :: else
  fi
}

inline claim(w,l) {
  epoch[l]++; st[l] = LEASED; live[l] = true; owner[l] = w;
  if :: l!=D -> part[l] = 0 :: else fi;
  status = PROCESSING;
  if
  :: we[X(w,l)] = epoch[l]; wk[X(w,l)] = part[l]; wp[X(w,l)] = 0;
     if :: l==0 -> wt[X(w,l)] = B(outc[0]==0) + 2*B(outc[1]==0)
        :: l==1 -> wt[X(w,l)] = B(outc[2]==0) + 2*B(outc[3]==0)
        :: else fi
  :: lose>0 -> lose--               /* answer lost: leased, and the owner does not know */
  fi;
  inv()
}

inline store(a) {
  assert(outc[a]==0);               /* one outcome, counted once */
#ifdef MAXF
  if :: a==0 -> outc[a] = 2; nfail++ :: else -> outc[a] = 1; nsucc++ fi;
#else
  if :: ALLFAIL -> outc[a] = 2; nfail++ :: else -> outc[a] = 1; nsucc++ fi;
#endif
}
#ifdef NO_EPOCH_FENCE
#define EPOCH_OK(w,l) true
#else
#define EPOCH_OK(w,l) (epoch[l]==we[X(w,l)])
#endif
#ifdef NO_PART_FENCE
#define PART_OK(w,l) true
#else
#define PART_OK(w,l) (part[l]==wk[X(w,l)])
#endif
inline line(w) {
#ifdef LOG_SEPARATE
  owedLines[w]++                     /* appended in a transaction of its own, after the commit */
#else
#ifndef LOG_FIRST
  logged++
#else
  skip
#endif
#endif
}
/* one chunk inside a commit; res: 0 lost, 1 stored now or before */
inline commitPart(w,l) {
  if
  :: EPOCH_OK(w,l) && PART_OK(w,l) ->
#ifndef NO_GHOST
     assert(epoch[l]==we[X(w,l)]);                       /* a zombie changes nothing */
#endif
     assert(status==PROCESSING || status==CANCELLING);   /* nothing changes a job at rest */
     if :: wp[X(w,l)] & 1 -> store(2*l); line(w) :: else fi;
     if :: wp[X(w,l)] & 2 -> store(2*l+1); line(w) :: else fi;
     part[l]++;
     if :: wp[X(w,l)]==wt[X(w,l)] -> st[l] = DONE; live[l] = false;
#ifdef OPEN_SEPARATE
          owed[w]++
#else
          open--
#endif
        :: else fi;
     res = 1
  :: else -> if :: epoch[l]==we[X(w,l)] && part[l]==wk[X(w,l)]+1 -> res = 1;
#ifdef REPEAT_WITH_MORE
                   /* "already committed" taken for the larger part; an empty last part closes the chunk */
                   if :: wp[X(w,l)]==wt[X(w,l)] && st[l]==LEASED -> st[l] = DONE; open-- :: else fi
#endif
                :: else -> res = 0 fi
  fi
}
inline answered(w,l) {
  if
  :: res==0 -> we[X(w,l)] = 0
  :: else -> wk[X(w,l)]++; wt[X(w,l)] = wt[X(w,l)] & ~wp[X(w,l)]; wp[X(w,l)] = 0;
     if :: wt[X(w,l)]==0 -> we[X(w,l)] = 0 :: else fi
  fi;
  if :: we[X(w,l)]==0 -> wk[X(w,l)] = 0; wp[X(w,l)] = 0; wt[X(w,l)] = 0 :: else fi
}
inline giveUp() {
#ifdef MAXF
  if :: status==PROCESSING && nfail-failBase > MAXF -> giving = true :: else fi
#else
  skip
#endif
}
inline forget(w,l) { we[X(w,l)] = 0; wk[X(w,l)] = 0; wp[X(w,l)] = 0; wt[X(w,l)] = 0 }

proctype worker(byte w) {
  byte res, r2, l;
end:
  do
  /* claim */
  :: atomic { claimable && holds(w)<HOLD && free(D) && we[X(w,D)]==0 -> claim(w,D) }
  :: atomic { claimable && holds(w)<HOLD && free(0) && we[X(w,0)]==0 -> claim(w,0) }
  :: atomic { claimable && holds(w)<HOLD && free(1) && we[X(w,1)]==0 -> claim(w,1) }
#ifdef CLAIM_STALE_STATUS
  /* the job's status was read in an earlier transaction */
  :: atomic { claimable && holds(w)<HOLD && free(0) && we[X(w,0)]==0 -> skip };
     atomic { if :: free(0) -> claim(w,0) :: else fi }
#endif
  /* run: some or all of what is left is finished and waits for a commit */
  :: atomic { we[X(w,0)]>0 && wp[X(w,0)]==0 -> if :: wp[X(w,0)] = wt[X(w,0)] :: wt[X(w,0)]==3 -> wp[X(w,0)] = 1 :: wt[X(w,0)]==3 -> wp[X(w,0)] = 2 fi }
  :: atomic { we[X(w,1)]>0 && wp[X(w,1)]==0 -> if :: wp[X(w,1)] = wt[X(w,1)] :: wt[X(w,1)]==3 -> wp[X(w,1)] = 1 fi }
#ifdef REPEAT_WITH_MORE
  :: atomic { we[X(w,0)]>0 && wp[X(w,0)]!=0 && wp[X(w,0)]!=wt[X(w,0)] -> wp[X(w,0)] = wt[X(w,0)] }
#endif
#ifdef LOG_SEPARATE
  :: atomic { owedLines[w]>0 -> logged = logged+owedLines[w]; owedLines[w] = 0 }
  :: atomic { kills>0 && owedLines[w]>0 -> kills--; owedLines[w] = 0; forget(w,0); forget(w,1); forget(w,D) }
#endif
  /* commit one chunk */
  :: atomic { we[X(w,0)]>0 && wp[X(w,0)]>0 ->
#ifdef LOG_FIRST
       logged = logged+(wp[X(w,0)]&1)+(wp[X(w,0)]>>1)
     };
     atomic { true ->
#endif
       commitPart(w,0); giveUp(); 
#ifndef OPEN_SEPARATE
       finish(); drain(); inv();
#endif
       if :: answered(w,0) :: lose>0 -> lose-- fi }
  :: atomic { we[X(w,1)]>0 && wp[X(w,1)]>0 ->
#ifdef LOG_FIRST
       logged = logged+(wp[X(w,1)]&1)+(wp[X(w,1)]>>1)
     };
     atomic { true ->
#endif
       commitPart(w,1); giveUp();
#ifndef OPEN_SEPARATE
       finish(); drain(); inv();
#endif
       if :: answered(w,1) :: lose>0 -> lose-- fi }
#ifdef OPEN_SEPARATE
  :: atomic { owed[w]>0 -> open = open-owed[w]; owed[w] = 0; finish(); drain() }
#endif
#if HOLD>1
  /* commit both chunks in one transaction; a lost one is left out */
  :: atomic { we[X(w,0)]>0 && wp[X(w,0)]>0 && we[X(w,1)]>0 && wp[X(w,1)]>0 ->
       commitPart(w,0); r2 = res; commitPart(w,1); giveUp(); finish(); drain(); inv();
       if :: answered(w,1); res = r2; answered(w,0) :: lose>0 -> lose-- fi; r2 = 0 }
#endif
  /* a page of discovery: chunk row, cursor, totals, in one transaction */
  :: atomic { we[X(w,D)]>0 ->
       if
#ifdef DISC_NO_EPOCH
       :: part[D]==wk[X(w,D)] && st[D]!=DONE
#else
#ifdef DISC_NO_CURSOR
       :: epoch[D]==we[X(w,D)] && st[D]==LEASED
#else
       :: epoch[D]==we[X(w,D)] && part[D]==wk[X(w,D)]
#endif
#endif
          -> assert(epoch[D]==we[X(w,D)]);
             assert(status==PROCESSING || status==CANCELLING);
             if :: wk[X(w,D)]<NC -> assert(st[wk[X(w,D)]]==NONE);
                     st[wk[X(w,D)]] = READY; open++; total = total+2
                :: else -> st[D] = DONE; live[D] = false fi;
             part[D]++;
             res = 1
       :: else -> if :: epoch[D]==we[X(w,D)] && part[D]==wk[X(w,D)]+1 -> res = 1 :: else -> res = 0 fi
       fi;
#ifdef DISC_NO_FINISH
       skip;
#else
       finish();
#endif
       drain(); inv();
       if
       :: if :: res==0 || wk[X(w,D)]==NC -> forget(w,D) :: else -> wk[X(w,D)]++ fi
       :: lose>0 -> lose--
       fi }
  /* discovery impossible */
  :: atomic { we[X(w,D)]>0 && dfails>0 -> dfails--;
       if :: epoch[D]==we[X(w,D)] && st[D]==LEASED ->
             if :: status==PROCESSING -> giving = true :: else fi;
             st[D] = READY; live[D] = false; drain(); inv() :: else fi;
       forget(w,D) }
  /* release: told to stop, or SIGTERM */
  :: atomic { (stopping || rels>0) && holds(w)>0 ->
       if :: stopping :: else -> rels-- fi;
       if :: we[X(w,0)]>0 -> l = 0 :: we[X(w,1)]>0 -> l = 1 :: we[X(w,2)]>0 -> l = 2 fi;
       if
#ifdef RELEASE_UNFENCED
       :: true
#else
       :: epoch[l]==we[X(w,l)] && st[l]==LEASED
#endif
          -> st[l] = READY; live[l] = false; 
#ifndef DRAIN_BY_WORKER_ONLY_AT_END
             drain();
#endif
             inv()
       :: else fi;
       forget(w,l); l = 0 }
  /* renew: names chunk and epoch; learns that the lease is lost */
  :: atomic { we[X(w,0)]>0 && epoch[0]==we[X(w,0)] && st[0]==LEASED && !live[0] -> live[0] = true; inv() }
  :: atomic { we[X(w,1)]>0 && epoch[1]==we[X(w,1)] && st[1]==LEASED && !live[1] -> live[1] = true; inv() }
  :: atomic { we[X(w,D)]>0 && epoch[D]==we[X(w,D)] && st[D]==LEASED && !live[D] -> live[D] = true; inv() }
  :: atomic { we[X(w,0)]>0 && epoch[0]!=we[X(w,0)] -> forget(w,0) }
  :: atomic { we[X(w,1)]>0 && epoch[1]!=we[X(w,1)] -> forget(w,1) }
  :: atomic { we[X(w,D)]>0 && epoch[D]!=we[X(w,D)] -> forget(w,D) }
  /* crash: everything in memory is gone; a new process starts here */
  :: atomic { kills>0 && holds(w)>0 -> kills--; forget(w,0); forget(w,1); forget(w,D) }
#ifdef OPEN_SEPARATE
  :: atomic { kills>0 && owed[w]>0 -> kills--; owed[w] = 0 }
#endif
  od
}

#define known(l) (we[X(owner[l],l)]==epoch[l])
#ifdef RENEW_BY_OWNER
#define lapses(l) (we[X(owner[l],0)]+we[X(owner[l],1)]+we[X(owner[l],2)]==0 && kills<KILLS)
#else
#define lapses(l) (!known(l))
#endif
proctype time() {                   /* leases run out: nobody renews, or a living owner is late */
end:
  do
  :: atomic { st[0]==LEASED && live[0] && lapses(0) -> live[0] = false }
  :: atomic { st[1]==LEASED && live[1] && lapses(1) -> live[1] = false }
  :: atomic { st[D]==LEASED && live[D] && lapses(D) -> live[D] = false }
  :: atomic { st[0]==LEASED && live[0] && known(0) && frz>0 -> frz--; live[0] = false }
  :: atomic { st[1]==LEASED && live[1] && known(1) && frz>0 -> frz--; live[1] = false }
  :: atomic { st[D]==LEASED && live[D] && known(D) && frz>0 -> frz--; live[D] = false }
  od
}

#ifdef NO_TAKEBACK_PAUSE
#define reapable (status==CANCELLING)
#else
#define reapable stopping
#endif
#ifdef DRAIN_NO_BUMP
/* the literal reading: CANCELLED as soon as the leases ran out, rows left as they are */
#define lapsed(l) (st[l]!=LEASED || !live[l])
inline takeBack(l) { 
  if :: lapsed(0) && lapsed(1) && lapsed(D) ->
     if :: st[0]==LEASED -> st[0] = READY :: else fi;
     if :: st[1]==LEASED -> st[1] = READY :: else fi;
     if :: st[D]==LEASED -> st[D] = READY :: else fi;
     drain() :: else fi; inv() }
#else
inline takeBack(l) { st[l] = READY; epoch[l]++; drain(); inv() }
#endif
proctype reaper() {
end:
  do
#ifndef NO_REAPER
#ifdef DRAIN_NO_BUMP
  :: atomic { reapable && lapsed(0) && lapsed(1) && lapsed(D) && anyLeased -> takeBack(0) }
#else
  :: atomic { st[0]==LEASED && !live[0] && reapable -> takeBack(0) }
  :: atomic { st[1]==LEASED && !live[1] && reapable -> takeBack(1) }
  :: atomic { st[D]==LEASED && !live[D] && reapable -> takeBack(D) }
#endif
#ifndef REAPER_LEASES_ONLY
  :: atomic { stopping && !anyLeased -> drain(); inv() }
  :: atomic { status==PROCESSING && st[D]==DONE && open==0 && !giving && !pausing -> finish(); inv() }
#endif
#endif
  :: atomic { false -> skip }
  od
}

proctype operator() {
  byte c = CANCELS, p = PAUSES, r = RESUMES;
end:
  do
  :: atomic { c>0 && (status==WAITING || status==PAUSED) -> c--; endJob(CANCELLED); inv() }
  :: atomic { c>0 && status==PROCESSING -> c--; status = CANCELLING; pausing = false; giving = false;
#ifndef CANCEL_NO_DRAIN
              drain();
#endif
              inv() }
  :: atomic { p>0 && status==WAITING -> p--; status = PAUSED; inv() }
  :: atomic { p>0 && status==PROCESSING && !pausing && !giving -> p--; pausing = true;
#ifndef CANCEL_NO_DRAIN
              drain();
#endif
              inv() }
  :: atomic { r>0 && status==PAUSED -> r--; status = WAITING; inv() }
  :: atomic { r>0 && (status==FAILURE || status==CANCELLED) && (st[D]!=DONE || open>0) ->
              r--; status = WAITING; scope = true; ends = 0; failBase = nfail; inv() }
  :: atomic { c+p+r>0 -> c = 0; p = 0; r = 0 }   /* the user walks away */
  od
}

init {
  atomic {
    st[D] = READY;
    byte i;
    for (i : 0 .. NW-1) { run worker(i) }
    i = 0;
    run time(); run reaper(); run operator();
  }
  end: timeout -> assert(settled)                 /* no stuck job */
}
