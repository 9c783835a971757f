/* Careful mode. One job, 2 chunks of 2 assets; asset 0 or 1 (of chunk 0) kills its worker
 * whenever it runs. Ordinary kills and freezes (a lease that runs out under a living owner,
 * who goes on later) come from a budget; so do releases at SIGTERM, and cancels, each of which
 * is followed by a resume. Each atomic block is one transaction of the store.
 *   deaths[c]     owners of chunk c that died in a row       (lease.deaths)
 *   announced[c]  asset announced by a careful owner (NO: none)  (lease.announced)
 *   cIdx, cTimes  the asset charged, and how often in a row  (lease.charges)
 * -D names switch a guard off. */
#ifndef KILLS
#define KILLS 2
#endif
#ifndef FREEZE
#define FREEZE 0
#endif
#ifndef RELS
#define RELS 0
#endif
#ifndef CANCELS
#define CANCELS 0
#endif
#ifndef NW
#define NW 1
#endif
#ifndef BOUND
#define BOUND 5        /* crashes the poison asset may cause */
#endif
#ifndef NA
#define NA 2           /* assets of the poison's chunk */
#endif
#ifndef NB
#define NB 2           /* assets of the other chunk, 0: no such chunk */
#endif
#define NT (NA+NB)
#define NO 9
byte outc[NT];         /* 1 succeeded, 2 FAILED POISON */
byte deaths[2], announced[2], cIdx[2], cTimes[2], hits[NT], epoch[2];
byte poison, pdeaths, open, nsucc, npois;
byte st[2], owner[2]; bool live[2];      /* 1 READY 2 LEASED 3 DONE */
byte we[NW*2]; bool care[NW*2]; byte cur[NW*2];
bool stopping;
byte kills = KILLS, frz = FREEZE, rels = RELS, cancels = CANCELS;
#define X(w,c) ((w)*2+(c))
#define lo(c) ((c)*NA)
#define hi(c) (((c)==0->NA:NT))
#define B(x) ((x)->1:0)
#define forget(w,c) we[X(w,c)] = 0; care[X(w,c)] = false; cur[X(w,c)] = NO

/* the first asset of c without outcome, in f */
inline first(c) { f = lo(c); do :: f<hi(c) && outc[f]!=0 -> f++ :: else -> break od }
inline clearHits(c) { byte z; z = lo(c); do :: z<hi(c) -> hits[z] = 0; z++ :: else -> break od; z = 0 }
inline forgetDeaths(c) { deaths[c] = 0; announced[c] = NO; cIdx[c] = NO; cTimes[c] = 0 }
inline put(c,a,o) {
  assert(outc[a]==0);
  outc[a] = o;
  if :: o==1 -> nsucc++ :: else -> npois++;
     assert(a==poison || hits[a]>=3);    /* ordinary kills blame nobody */
  fi;
  hits[a] = 0
}
inline closeIf(c) { first(c); if :: f==hi(c) -> st[c] = 3; live[c] = false; open-- :: else fi }
/* a part was stored; advances: with the first open asset's outcome */
inline stored(c,advances) {
#ifdef CLEAR_ANY
  forgetDeaths(c)                       /* any commit clears the count */
#else
  if :: advances -> forgetDeaths(c) :: else fi
#endif
}
#define charged(c) (cIdx[c]!=NO)
#ifdef CLEAR_ANY
#define careful(c) (deaths[c]>=2)
#else
#define careful(c) (deaths[c]>=2 || charged(c))
#endif
/* countDeath: a lease that ran out is taken, by claim or by reaper */
inline countDeath(c) {
  deaths[c]++;
  if :: announced[c]!=NO ->
     if :: we[X(owner[c],c)]==epoch[c] -> hits[announced[c]]++ :: else fi;   /* taken from a living, frozen owner */
     if :: cIdx[c]==announced[c] -> if :: cTimes[c]<3 -> cTimes[c]++ :: else fi
        :: else -> cIdx[c] = announced[c]; cTimes[c] = 1 fi;
#ifndef STALE_INDEX
     announced[c] = NO
#endif
     :: else fi }

inline inv() {
  assert(pdeaths <= BOUND);
  assert(nsucc+npois==NT || open>0);
  assert((open==0) == (st[0]==3 && (st[1]==3 || NB==0)))
}
#define holdsCareful(w) ((we[X(w,0)] && care[X(w,0)]) || (we[X(w,1)] && care[X(w,1)]))
#define holdsAny(w) (we[X(w,0)] || we[X(w,1)])
#ifdef NOT_ALONE
#define mayTake(w,c) true
#else
#define mayTake(w,c) (!holdsCareful(w) && (!careful(c) || !holdsAny(w)))
#endif
/* claim: who is not alone makes a careful chunk READY, its owner's death counted */
inline claim(w,c) {
  if :: st[c]==2 -> countDeath(c) :: else fi;
  if :: mayTake(w,c) ->
    epoch[c]++; st[c] = 2; live[c] = true; owner[c] = w;
    we[X(w,c)] = epoch[c]; care[X(w,c)] = B(careful(c)); cur[X(w,c)] = NO
  :: else -> epoch[c]++; st[c] = 1; live[c] = false
  fi;
  inv() }

/* the process dies, with all its leases */
inline die(w,ordinary) {
  byte q; q = 0;
  do :: q<2 ->
     if :: ordinary && we[X(w,q)] && epoch[q]==we[X(w,q)] && announced[q]!=NO && cur[X(w,q)]==announced[q] -> hits[announced[q]]++ :: else fi;
     forget(w,q); q++
  :: else -> q = 0; break od }

proctype worker(byte w) {
  byte f, c, a;
end:
  do
  :: atomic { !stopping && st[0]==1 && we[X(w,0)]==0 && mayTake(w,0) -> claim(w,0) }
  :: atomic { !stopping && st[0]==2 && !live[0] && we[X(w,0)]==0 && !holdsCareful(w) -> claim(w,0) }
#if NB>0
  :: atomic { !stopping && st[1]==1 && we[X(w,1)]==0 && mayTake(w,1) -> claim(w,1) }
  :: atomic { !stopping && st[1]==2 && !live[1] && we[X(w,1)]==0 && !holdsCareful(w) -> claim(w,1) }
#endif
  /* runChunk: all assets at once, in any order; the poison kills when it runs */
  :: atomic { we[X(w,0)] && !care[X(w,0)] && outc[poison]==0 -> die(w,false); pdeaths++; inv() }
  :: atomic { (we[X(w,0)] && !care[X(w,0)]) || (we[X(w,1)] && !care[X(w,1)]) ->
       if :: we[X(w,0)] && !care[X(w,0)] -> c = 0 :: we[X(w,1)] && !care[X(w,1)] -> c = 1 fi;
       first(c);
       if :: epoch[c]!=we[X(w,c)] || st[c]!=2 -> forget(w,c)
       :: else ->
          a = f;
          do :: a+1<hi(c) -> a++ :: break od;        /* any of them may be ready first */
          if :: a!=poison && outc[a]==0 -> put(c,a,1); stored(c,a==f); closeIf(c); if :: st[c]==3 -> forget(w,c) :: else fi
          :: else fi
       fi; inv(); c = 0; a = 0; f = 0 }
  /* CarefulRun: the asset charged three times gets POISON, unstarted; any other is announced */
  :: atomic { (we[X(w,0)] && care[X(w,0)] && cur[X(w,0)]==NO) || (we[X(w,1)] && care[X(w,1)] && cur[X(w,1)]==NO) ->
       if :: we[X(w,0)] && care[X(w,0)] && cur[X(w,0)]==NO -> c = 0 :: we[X(w,1)] && care[X(w,1)] && cur[X(w,1)]==NO -> c = 1 fi;
       first(c);
       if
#ifdef ANNOUNCE_UNFENCED
       :: f==hi(c) -> forget(w,c)
#else
       :: epoch[c]!=we[X(w,c)] || st[c]!=2 -> forget(w,c)
#endif
       :: else ->
#ifndef ANNOUNCE_UNFENCED
#ifndef CLEAR_ANY
          assert(cIdx[c]==NO || cIdx[c]==f);        /* the charged asset is the first open one */
#endif
#endif
          if
#ifndef NO_POISON
          :: cIdx[c]==f && cTimes[c]>=3 && epoch[c]==we[X(w,c)] && st[c]==2 ->
             put(c,f,2); stored(c,true); closeIf(c); if :: st[c]==3 -> forget(w,c) :: else fi
#endif
          :: else ->
             cur[X(w,c)] = f;
#ifndef CHARGE_AFTER_START
             announced[c] = f;
#endif
#ifdef ANNOUNCE_CLEARS
             deaths[c] = 0; cIdx[c] = NO; cTimes[c] = 0;
#endif
          fi
       fi; inv(); c = 0; f = 0 }
  /* it starts: the poison kills here */
  :: atomic { we[X(w,0)] && care[X(w,0)] && cur[X(w,0)]==poison -> die(w,false); pdeaths++; inv() }
  :: atomic { (we[X(w,0)] && cur[X(w,0)]!=NO && cur[X(w,0)]!=poison) || (we[X(w,1)] && cur[X(w,1)]!=NO) ->
       if :: we[X(w,0)] && cur[X(w,0)]!=NO && cur[X(w,0)]!=poison -> c = 0 :: we[X(w,1)] && cur[X(w,1)]!=NO -> c = 1 fi;
       if :: epoch[c]!=we[X(w,c)] || st[c]!=2 -> forget(w,c)
       :: else -> put(c,cur[X(w,c)],1); stored(c,true); cur[X(w,c)] = NO;
                  closeIf(c); if :: st[c]==3 -> forget(w,c) :: else fi fi; inv(); c = 0; f = 0 }
  /* release: at SIGTERM, and where the job is stopping; it clears the count */
  :: atomic { (rels>0 || stopping) && holdsAny(w) -> if :: stopping :: else -> rels-- fi;
       if :: we[X(w,0)] -> c = 0 :: we[X(w,1)] -> c = 1 fi;
       if :: epoch[c]==we[X(w,c)] && st[c]==2 -> st[c] = 1; live[c] = false;
#ifdef RELEASE_KEEPS_ANNOUNCED
             deaths[c] = 0; cIdx[c] = NO; cTimes[c] = 0;
#else
             forgetDeaths(c);
#endif
             clearHits(c); if :: c==0 -> pdeaths = 0 :: else fi
       :: else fi; forget(w,c); c = 0 }
  /* ordinary kill */
  :: atomic { kills>0 && holdsAny(w) -> kills--; die(w,true) }
  od
}
#define known(c) (we[X(owner[c],c)]==epoch[c])
proctype time() {
end:
  do
  :: atomic { st[0]==2 && live[0] && !known(0) -> live[0] = false }
  :: atomic { st[1]==2 && live[1] && !known(1) -> live[1] = false }
  :: atomic { st[0]==2 && live[0] && known(0) && frz>0 -> frz--; live[0] = false }
  :: atomic { st[1]==2 && live[1] && known(1) && frz>0 -> frz--; live[1] = false }
  od
}
/* the operator cancels and resumes; the reaper takes back what ran out: it counts as a death, like a claim */
proctype operator() {
end:
  do
  :: atomic { cancels>0 && !stopping && open>0 -> cancels--; stopping = true }
  :: atomic { stopping && st[0]!=2 && st[1]!=2 -> stopping = false }
  :: atomic { stopping && st[0]==2 && !live[0] ->
#ifndef TAKEBACK_NO_DEATH
       countDeath(0);
#endif
       st[0] = 1; epoch[0]++; inv() }
  :: atomic { stopping && st[1]==2 && !live[1] ->
#ifndef TAKEBACK_NO_DEATH
       countDeath(1);
#endif
       st[1] = 1; epoch[1]++; inv() }
  od
}
init {
  atomic {
    st[0] = 1; open = 1; announced[0] = NO; announced[1] = NO; cIdx[0] = NO; cIdx[1] = NO;
#if NB>0
    st[1] = 1; open = 2;
#endif
    byte i;
    for (i : 0 .. NW*2-1) { cur[i] = NO }
#ifdef PFIRST
    poison = 0;
#else
    if :: poison = 0 :: poison = NA-1 fi;
#endif
    for (i : 0 .. NW-1) { run worker(i) }
    i = 0;
    run time(); run operator();
  }
  end: timeout -> assert(open==0 && nsucc+npois==NT && outc[poison]==2)
}
