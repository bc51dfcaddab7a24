import type { FaultKind } from '@chaos/faults'
import type { Suffering } from '@chaos/runner'

const ONLY_SIMULATED = 'With --sim it can.'

/** What embedded clusters can suffer: the fault × target table's row for each of them. */
export const embeddedSufferings: Readonly<Record<FaultKind, Suffering>> = {
  partition: { possible: true, how: 'the proxy holds or drops the bytes of each cut link' },
  latency: { possible: true, how: 'the proxy delays the bytes' },
  bandwidth: { possible: true, how: 'the proxy passes the bytes no faster' },
  loss: { possible: true, how: 'the proxy leaves out messages between nodes, which are lines of JSON' },
  duplicate: { possible: true, how: 'the proxy passes on messages between nodes twice' },
  reorder: { possible: true, how: 'the proxy holds messages between nodes back until others have overtaken them' },
  corrupt: {
    possible: false,
    reason: 'nodes speak lines of JSON without a checksum, and would take a flipped bit for what was said',
    instead: ONLY_SIMULATED,
  },
  reset: { possible: true, how: 'the proxy resets the connections that are open (RST)' },
  kill: { possible: true, how: 'SIGKILL; healed by a start on the same data directory' },
  crash: {
    possible: false,
    reason: 'a signal reaches a process at some time, not at some effect',
    instead: ONLY_SIMULATED,
  },
  pause: { possible: true, how: 'SIGSTOP; healed by SIGCONT' },
  clock: { possible: false, reason: 'all processes of a machine read the same clock', instead: ONLY_SIMULATED },
}

export function refusalOf(kind: FaultKind): string | undefined {
  const suffering = embeddedSufferings[kind]
  return suffering.possible ? undefined : suffering.reason
}
