import { inFile, type Mutation } from './mutation.ts'

/** Deliberate mistakes in how queues are judged that lease their messages. */
export const workQueueMutations: readonly Mutation[] = [
  ...inFile(
    'work-queue/scan.ts',
    ['work-queue'],
    [
      {
        name: 'work-queue-leases-never-end',
        before: 'if (apartMs >= ms - GRACE_MS || isFreed(one, other)) continue',
        after: 'if (isFreed(one, other)) continue',
        breaks: 'a message whose lease has ended is handed out again',
      },
      {
        name: 'work-queue-gives-nothing-back',
        before: 'const allowed = enqueues.length + nacks.length',
        after: 'const allowed = enqueues.length',
        breaks: 'a message that was given back is handed out again',
      },
      {
        name: 'work-queue-acknowledgements-are-instant',
        before: 'const again = sights.find(({ row }) => callEvent[row] > returnEvent[ack])',
        after: 'const again = sights.find(({ row }) => callEvent[row] > callEvent[ack])',
        breaks: 'a take may be answered before an acknowledgement that is under way',
      },
    ],
  ),
]
