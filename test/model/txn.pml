/* The same transactions at the grain of statements and row locks (READ COMMITTED):
 * a statement sees what was committed when it began; a row changed is locked to the commit.
 * 2 chunks, 2 workers that claim, release or close, one canceller, one reaper.
 * Checks: nothing is leased in a job that ended; the job drains; openChunks finishes once; no deadlock. */
#define READY 1
#define LEASED 2
#define DONE 3
#define WAITING 0
#define PROCESSING 1
#define CANCELLING 2
#define SUCCESS 4
#define CANCELLED 6
#define FREE 9
byte st[2] = READY; bool lapsed[2]; byte epoch[2];      /* committed values */
byte status = WAITING; byte open = 2;
byte lc[2] = FREE; byte lj = FREE;                       /* row locks */
bool dead[2]; byte ended;
byte lines; bool block[5];                               /* the job row's line count; blocks by first line */
#ifndef CRASH
#define CRASH 1
#endif
byte crash = CRASH;
#define lock(x,me) atomic { x==FREE -> x = me }
#define drained (st[0]!=LEASED && st[1]!=LEASED)

proctype worker(byte me) {
  byte c = me, seen, e, o, n; bool d;
  /* claim: chunk first, job row last */
#ifdef CLAIM_READS_JOB
  seen = status;                                         /* no lock on the job row */
#endif
  lock(lc[c],me);
  if :: atomic { st[c]!=READY -> lc[c] = FREE }; goto out :: else fi;
#ifdef CLAIM_READS_JOB
  if :: atomic { seen>PROCESSING -> lc[c] = FREE }; goto out
     :: atomic { else -> st[c] = LEASED; epoch[c]++; e = epoch[c]; lc[c] = FREE; if :: status==WAITING -> status = PROCESSING :: else fi } fi;
#else
  lock(lj,me);
  if :: atomic { status>PROCESSING -> lj = FREE; lc[c] = FREE }; goto out
     :: atomic { else -> st[c] = LEASED; epoch[c]++; e = epoch[c]; status = PROCESSING; lj = FREE; lc[c] = FREE } fi;
#endif
  if :: atomic { crash>0 -> crash--; dead[c] = true }; goto out :: skip fi;
  /* end of the lease: close the chunk, or release it when told to stop */
  lock(lc[c],me);
  if :: atomic { epoch[c]!=e -> lc[c] = FREE }; goto out :: else fi;
#ifdef STALE_LINE
  n = lines;                                             /* the block's first line, read before the job row's lock */
#endif
#ifdef STALE_COUNTER
  o = open;                                              /* read before the lock, written after */
#endif
#ifdef DRAIN_IN_ONE_STATEMENT
  d = (c==0 && st[1]!=LEASED) || (c==1 && st[0]!=LEASED); /* the statement's snapshot is from before its wait */
#endif
  lock(lj,me);
#ifndef DRAIN_IN_ONE_STATEMENT
  d = (c==0 && st[1]!=LEASED) || (c==1 && st[0]!=LEASED);
#endif
#ifndef STALE_COUNTER
  o = open;
#endif
#ifndef STALE_LINE
  n = lines;
#endif
  atomic {
    assert(!block[n]); block[n] = true; lines = n+1;     /* no line number twice */
    if
    :: st[c] = DONE; open = o-1;
       if :: status==PROCESSING && open==0 -> status = SUCCESS; ended++ :: else fi
    :: status==CANCELLING -> st[c] = READY
    fi;
    if :: status==CANCELLING && d -> status = CANCELLED; ended++ :: else fi;
    lj = FREE; lc[c] = FREE
  }
out: skip
}
proctype canceller() {
  if :: skip :: goto out fi;
  lock(lj,2);
  if
  :: atomic { status==WAITING -> status = CANCELLED; ended++; lj = FREE }
  :: atomic { status==PROCESSING ->
       if :: drained -> status = CANCELLED; ended++ :: else -> status = CANCELLING fi; lj = FREE }
  :: atomic { status>PROCESSING -> lj = FREE }
  fi;
out: skip
}
proctype reaper() {
  byte c;
end:
  do
  :: atomic { status==CANCELLING && ((st[0]==LEASED && lapsed[0]) || (st[1]==LEASED && lapsed[1])) ->
       if :: st[0]==LEASED && lapsed[0] -> c = 0 :: st[1]==LEASED && lapsed[1] -> c = 1 fi };
#ifdef JOB_FIRST
     lock(lj,3); lock(lc[c],3);
#else
     lock(lc[c],3); lock(lj,3);
#endif
     atomic {
       if :: st[c]==LEASED && lapsed[c] && status==CANCELLING -> st[c] = READY; epoch[c]++; lapsed[c] = false;
             if :: drained -> status = CANCELLED; ended++ :: else fi
          :: else fi;
       lj = FREE; lc[c] = FREE }
#ifndef DRAIN_NO_REAPER
#ifndef DRAIN_IN_ONE_STATEMENT
  :: atomic { status==CANCELLING && drained && lj==FREE -> status = CANCELLED; ended++ }
#endif
#endif
  od
}
proctype time() {
  byte n = 2;
end:
  do
  :: atomic { st[0]==LEASED && !lapsed[0] && dead[0] -> lapsed[0] = true }
  :: atomic { st[1]==LEASED && !lapsed[1] && dead[1] -> lapsed[1] = true }
  :: atomic { st[0]==LEASED && !lapsed[0] && n>0 -> n--; lapsed[0] = true }
  :: atomic { st[1]==LEASED && !lapsed[1] && n>0 -> n--; lapsed[1] = true }
  od
}
init {
  atomic { run worker(0); run worker(1); run canceller(); run reaper(); run time() }
  end: timeout ->
    assert(lj==FREE && lc[0]==FREE && lc[1]==FREE);      /* no deadlock */
    assert(status!=CANCELLING);                          /* a cancel ends */
    assert(status!=SUCCESS || (st[0]==DONE && st[1]==DONE));
    assert(!(st[0]==DONE && st[1]==DONE) || status==SUCCESS || status==CANCELLED);
    assert(block[0]==(lines>0) && block[1]==(lines>1) && block[2]==(lines>2));   /* none left out */
    assert(ended<=1);
    assert(!(status==CANCELLED || status==SUCCESS) || drained)
}
