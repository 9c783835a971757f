#!/bin/bash
# Model-checks the protocol (DESIGN.md, Protocol): every check and every mutation, one line each. Needs spin and gcc.
# `--quick` leaves out what `full` marks, the combinations of faults whose state spaces are the largest, and says which;
# `quick` lines stand in for them: the same property with fewer faults at once.
# "holds": the whole state space was searched and no property failed.
# A mutation must be answered "found"; a few are expected to hold and say so.
cd "$(dirname "$0")" || exit 1
R=$(mktemp -d) n=0 J=${JOBS:-$(nproc)} left=()
case "${1:-}" in --quick) Q=1 ;; "") Q= ;; *) echo "usage: $0 [--quick]" >&2; exit 2 ;; esac
full() { if [ "$Q" ]; then left+=("$4"); else check "$@"; fi; }
quick() { if [ "$Q" ]; then check "$@"; fi; }
check() { n=$((n+1)); while [ "$(jobs -rp | wc -l)" -ge "$J" ]; do wait -n; done; one "$@" > "$R/$(printf %03d $n)" & }
one() { # expect(holds|found) model "flags" "what"
  local d out states err how
  d=$(mktemp -d); cp "$2" "$d/m.pml"
  out=$(cd "$d" && spin -a $3 m.pml 2>&1 >/dev/null; cd "$d" && gcc $([ $1 = holds ] && echo -O1 || echo -O0) -w ${5:--DSAFETY} -DNOCLAIM -DMEMLIM=9000 -o pan pan.c && timeout 900 ./pan -m3000000 -w25 $6 2>&1)
  states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' <<<"$out" | head -1)
  err=$(sed -n 's/.*errors: \([0-9]*\).*/\1/p' <<<"$out")
  how=$(sed -n 's/^pan:1: \(.*\) (at depth.*/\1/p' <<<"$out" | cut -c1-70)
  if grep -q "max search depth too small\|out of memory" <<<"$out" || [ -z "$err" ]; then r="INCOMPLETE"
  elif [ "$err" = 0 ]; then r=holds; else r=found; fi
  [ "$r" = "$1" ] || r="$r (EXPECTED $1)"
  printf '%-6s %9s states  %s  [%s %s] %s\n' "$r" "$states" "$4" "$2" "$3" "$how"
  rm -rf "$d"
}
P=protocol.pml C=careful.pml T=txn.pml K=tickets.pml
check holds $P "" "discovery, takeover, crash, zombie, lost answers"
check holds $P "-DKILLS=2 -DFREEZE=1 -DLOSE=0" "two crashes and a zombie"
check holds $P "-DFREEZE=2 -DKILLS=0" "two zombies, lost answer"
check holds $P "-DHOLD=3 -DKILLS=0" "several chunks in one commit, one lost"
full holds $P "-DHOLD=3 -DLOSE=0" "several chunks in one commit, crash and zombie"
check holds $P "-DNW=3 -DLOSE=0 -DKILLS=0" "three workers"
full holds $P "-DCANCELS=1 -DRESUMES=1 -DLOSE=0" "cancel, resume, crash and zombie"
full holds $P "-DCANCELS=2 -DRESUMES=1 -DLOSE=1 -DKILLS=0 -DFREEZE=1" "cancel twice, resume, zombie, lost answer"
full holds $P "-DPAUSES=1 -DRESUMES=1 -DLOSE=0" "pause, resume, crash and zombie"
full holds $P "-DPAUSES=1 -DRESUMES=2 -DCANCELS=1 -DLOSE=0 -DFREEZE=0" "pause, resume, cancel, resume, crash"
full holds $P "-DMAXF=0 -DRESUMES=1 -DCANCELS=1 -DLOSE=0" "give up by maxFailures, cancel, resume"
check holds $P "-DDFAILS=1 -DPAUSES=1 -DRESUMES=1 -DLOSE=0 -DFREEZE=0" "discovery impossible, pause, resume"
full holds $P "-DALLFAIL=1 -DCANCELS=1" "every asset fails"
full holds $P "-DRELS=2 -DLOSE=0" "SIGTERM release"
full holds $P "-DLOSE=0 -DCANCELS=1 -DRESUMES=1 -DKILLS=0" "no infinite run (non-progress cycles)" "-DNP" "-l"
quick holds $P "-DCANCELS=1 -DRESUMES=1 -DLOSE=0 -DKILLS=0" "cancel, resume, zombie"
quick holds $P "-DCANCELS=1 -DRESUMES=1 -DLOSE=0 -DFREEZE=0" "cancel, resume, crash"
quick holds $P "-DPAUSES=1 -DRESUMES=1 -DLOSE=0 -DFREEZE=0" "pause, resume, crash"
quick holds $P "-DMAXF=0 -DRESUMES=1 -DLOSE=0 -DFREEZE=0" "give up by maxFailures, resume"
quick holds $P "-DALLFAIL=1 -DLOSE=0 -DFREEZE=0" "every asset fails, crash"
quick holds $P "-DRELS=1 -DLOSE=0 -DKILLS=0" "SIGTERM release, zombie"
quick holds $P "-DLOSE=0 -DKILLS=0 -DFREEZE=0 -DCANCELS=1" "no infinite run without faults" "-DNP" "-l"
check holds $T "-DCRASH=2" "statement and row-lock grain: claim, close, cancel, reap"
check holds scope.pml "" "one holder of a scope"
check holds $C "-DNB=0 -DKILLS=0 -DPFIRST -DBOUND=5" "poison is first open asset: at most 5 crashes"
check holds $C "-DNB=0 -DKILLS=0 -DBOUND=6" "poison second of 2: at most 6 crashes"
check holds $C "-DNB=0 -DKILLS=0 -DNA=4 -DBOUND=8" "poison fourth of 4: at most 8"
check holds $C "-DBOUND=30 -DKILLS=4" "poison beside another chunk, 4 kills"
check holds $C "-DBOUND=30 -DKILLS=2 -DFREEZE=2 -DNW=2 -DNB=0" "2 workers, kills and zombies"
check holds $C "-DBOUND=30 -DKILLS=3 -DRELS=1 -DCANCELS=1 -DNB=0" "release, cancel, take-back, resume"
full holds $C "-DBOUND=30 -DKILLS=2 -DCANCELS=1" "cancel and resume, two kills, beside another chunk"
check holds $K "" "tickets lost, doubled and late, a crash"
n=$((n+1)); echo "--- mutations" > "$R/$(printf %03d $n)"
check found $P "-DNO_EPOCH_FENCE -DNO_GHOST" "no epoch fence"
check found $P "-DNO_PART_FENCE" "no part fence"
check found $P "-DOPEN_SEPARATE" "openChunks in a transaction of its own"
check found $P "-DDISC_NO_EPOCH" "page not fenced by epoch"
check found $P "-DDISC_NO_CURSOR" "page not fenced by cursor"
check holds $P "-DDISC_NO_FINISH" "end of discovery does not finish; reaper does (expected to hold)"
check found $P "-DDISC_NO_FINISH -DNO_REAPER -DKILLS=0 -DFREEZE=0 -DLOSE=0" "the same without reaper: stuck"
check found $P "-DRELEASE_UNFENCED -DRELS=1 -DKILLS=0" "release not fenced"
check found $P "-DREPEAT_WITH_MORE" "repeated part carries more than the first try"
check found $P "-DRENEW_BY_OWNER -DKILLS=0 -DFREEZE=0" "renew by owner, claim's answer lost: stuck"
check found $P "-DCLAIM_STALE_STATUS -DCANCELS=1 -DKILLS=0 -DFREEZE=0 -DLOSE=0" "claim on a status read earlier"
check found $P "-DDRAIN_NO_BUMP -DCANCELS=1 -DLOSE=0 -DKILLS=0" "leases ran out -> CANCELLED, epochs not raised"
check found $P "-DNO_TAKEBACK_PAUSE -DPAUSES=1 -DLOSE=0" "pause or give-up waits for a dead owner: stuck"
check found $P "-DDRAIN_WITHOUT_DISC -DPAUSES=1" "drained ignores discovery's lease"
full found $P "-DPAUSE_BEATS_FINISH -DPAUSES=1 -DRESUMES=1" "PAUSED with nothing left: stuck after resume"
check found $P "-DFINISH_IGNORES_CANCEL -DCANCELS=1 -DKILLS=0" "last commit finishes a cancelled job"
check found $P "-DNO_REAPER -DCANCELS=1 -DLOSE=0" "no reaper: cancel of a crashed job stuck"
check found $P "-DCANCEL_NO_DRAIN -DREAPER_LEASES_ONLY -DCANCELS=1 -DLOSE=0 -DRELS=1" "cancel with no lease: stuck"
check found $T "-DCLAIM_READS_JOB" "claim does not lock the job row"
check found $T "-DSTALE_COUNTER" "openChunks read before the job row's lock"
check found $T "-DDRAIN_IN_ONE_STATEMENT" "drained judged on a snapshot older than the lock"
check found $T "-DJOB_FIRST" "take-back locks job before chunks: deadlock"
check found scope.pml "-DCHECK_OUTSIDE_LOCK" "overlap checked outside the lock"
check found $C "-DBOUND=30 -DKILLS=4 -DSTALE_INDEX -DNB=0" "announced index not cleared at takeover"
check found $C "-DBOUND=30 -DKILLS=2 -DNOT_ALONE" "careful chunk not alone in its process"
check found $C "-DBOUND=30 -DKILLS=1 -DANNOUNCE_CLEARS" "announcing counts as a commit: endless crashes"
check found $C "-DBOUND=30 -DKILLS=1 -DCHARGE_AFTER_START" "no announcement before the start: endless crashes"
check found $C "-DBOUND=30 -DKILLS=4 -DFREEZE=2 -DNW=2 -DNB=0 -DANNOUNCE_UNFENCED" "announcement not fenced"
check found $C "-DNB=0 -DKILLS=0 -DPFIRST -DBOUND=5 -DCLEAR_ANY" "any commit clears the count: more than 5 crashes"
check found $C "-DBOUND=6 -DKILLS=0 -DCANCELS=1 -DTAKEBACK_NO_DEATH -DNB=0" "take-back not counted as a death"
check found $C "-DNB=0 -DKILLS=0 -DPFIRST -DNO_POISON" "no POISON: endless crashes"
check found $C "-DBOUND=30 -DKILLS=4 -DRELS=1 -DNB=0 -DRELEASE_KEEPS_ANNOUNCED" "release keeps the announcement"
check found $P "-DLOG_SEPARATE -DLOSE=0 -DFREEZE=0" "log block in a transaction of its own"
check found $P "-DLOG_FIRST -DKILLS=0 -DLOSE=0" "log block before the commit"
check found $T "-DSTALE_LINE" "line number read before the job row's lock"
check found $K "-DTICKET_IS_TRUTH" "a ticket taken for the claim"
check found $K "-DOFFER_ONCE" "tickets not made again from the store"
wait; cat "$R"/*
bad=$(cat "$R"/* | grep -c EXPECTED); rm -rf "$R"
[ "${#left[@]}" = 0 ] || { echo "LEFT OUT (npm run model has them):"; printf '  %s\n' "${left[@]}"; }
[ "$bad" = 0 ] && echo "all as expected" || echo "$bad not as expected"
exit "$bad"
