import type { FaultKind } from '@chaos/faults'

/** Whether a target can suffer a kind of fault; if not, why, and what to do instead. */
export type Suffering =
  | { readonly possible: true; readonly how: string }
  | { readonly possible: false; readonly reason: string }

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
  },
  reset: { possible: true, how: 'the proxy resets the connections that are open (RST)' },
  kill: { possible: true, how: 'SIGKILL; healed by a start on the same data directory' },
  crash: { possible: false, reason: 'a signal reaches a process at some time, not at some effect' },
  pause: { possible: true, how: 'SIGSTOP; healed by SIGCONT' },
  clock: { possible: false, reason: 'all processes of a machine read the same clock' },
}

export function refusalOf(kind: FaultKind): string | undefined {
  const suffering = embeddedSufferings[kind]
  return suffering.possible ? undefined : suffering.reason
}
