import { inFile, type Mutation } from './mutation.ts'

/** Deliberate mistakes in judging queues that lease their messages. */
export const workQueueMutations: readonly Mutation[] = [
  ...inFile(
    'work-queue/specification.ts',
    ['work-queue-orders', 'guarantee-files'],
    [
      {
        name: 'work-queue-leases-never-end',
        before: 'if (atMs > toMs) return []',
        after: 'if (atMs > fromMs && atMs > toMs - leaseMs) return []',
        breaks: 'a message whose lease has ended is handed out again',
      },
      {
        name: 'work-queue-gives-nothing-back',
        before: 'return settle(rules, state, operation, { isOut: false, untilMs: NO_LEASE })',
        after: 'return settle(rules, state, operation, { untilMs: NO_LEASE })',
        breaks: 'a message that was given back is handed out again',
      },
      {
        name: 'work-queue-hands-out-what-is-done-with',
        before: "if (kept.has('no-handouts-after-ack') && copy.isAcknowledged) return []",
        after: "if (kept.has('no-handouts-after-ack') && copy.isAcknowledged && copy.isOut) return []",
        breaks: 'a message that was given back and then acknowledged comes out again',
      },
      {
        name: 'work-queue-misses-what-nobody-confirmed',
        before:
          "if (isLast && kept.has('no-lost-messages') && left.filter(({ isDue }) => isDue).length > seen) return []",
        after: "if (isLast && kept.has('no-lost-messages') && left.length > seen) return []",
        breaks: 'a message that was not confirmed to its producer may get lost',
      },
    ],
  ),
  ...inFile(
    'work-queue/order.ts',
    ['work-queue-orders', 'guarantee-files'],
    [
      {
        name: 'work-queue-looks-take',
        before: 'const late = first ?? seen',
        after: 'const late = seen ?? first',
        breaks: 'a message that was seen in mid-run has not come out',
      },
    ],
  ),
]
