import { isKept } from './message-order.ts'
import { type GuaranteeModel, groupsOf, levelsOf } from './patterns.ts'
import { isOutOfOrder, whyOrderIsOpen } from './queue-order.ts'
import { doing, type Message, type Queue, queueOf, startOf } from './work-queue-record.ts'

// Queues that lease their messages. Each guarantee is a rule for operations. Operations keep a rule if they have an
// order that agrees with real time and with the rule (Wing & Gong 1993). For `first-in-first-out`, this order contains
// the operations on all messages. For any other rule, the messages with one value have an order of their own.

const atLeastOnce = ['no-lost-messages', 'no-invented-messages']
const leased = [...atLeastOnce, 'no-handouts-after-ack', 'no-double-leases']
const IN_ORDER = 'first-in-first-out'

export const workQueue: GuaranteeModel = {
  levels: levelsOf({ 'exactly-once': [...leased, 'no-repeats'], leased, 'at-least-once': atLeastOnce }, [
    ...leased,
    'no-repeats',
    IN_ORDER,
  ]),
  judge(history, head) {
    const { initial } = head
    const isUnknown = initial === undefined
    // Some tools use the numbers of events as times.
    const hasTimes = history.operations.some(({ returnedNs = 0 }) => returnedNs > history.byLine.length)
    const isClear = (each: Message): boolean => !isLeased(each) || (hasTimes && isTimed(each))
    const queues = groupsOf(history.operations, ({ key }) => key).map((own) => queueOf(own, startOf(head)))
    return {
      breaks(guarantee, core) {
        if (guarantee === IN_ORDER) return !isUnknown && queues.some((queue) => isOutOfOrder(queue, core))
        // If the initial content is unknown, a message may have been in the queue from the start. This may explain the
        // operations of a core, but it cannot prove that a level is met.
        const isStartOpen = isUnknown && core !== undefined
        const isAbout = ({ steps }: Message): boolean =>
          core === undefined || (core.size > 0 && [...core].every((line) => steps.some(({ of }) => of.line === line)))
        const isJudged = (each: Message): boolean =>
          isAbout(each) && (guarantee !== 'no-double-leases' || (isLeased(each) && isClear(each)))
        return queues.some(({ messages }) =>
          messages.some((each) => isJudged(each) && !isKept(guarantee, each, isStartOpen)),
        )
      },
      open(guarantee) {
        const all = queues.flatMap(({ messages }) => messages)
        switch (guarantee) {
          case 'no-lost-messages':
            return queues.some(isUnfinished) ? 'nobody looked at what was left in the end' : undefined
          case 'no-double-leases':
            return all.every(isClear) ? undefined : 'operations have no times'
          case IN_ORDER:
            if (isUnknown) return 'the initial messages are unknown, and one of them may have been skipped'
            return queues.map(whyOrderIsOpen).find((why) => why !== undefined)
          default:
            return undefined
        }
      },
    }
  },
}

/** Returns whether some message may still be in the queue because no later operation listed the queue's messages. */
const isUnfinished = ({ messages, lastLook }: Queue): boolean =>
  messages.some((message) => {
    const confirmed = doing(message, 'enqueue').filter((each) => each.of.outcome === 'ok')
    if (lastLook !== undefined && confirmed.every((each) => each.of.return < lastLook.line)) return false
    return new Set(doing(message, 'ack').map(({ receipt }) => receipt)).size < message.initially + confirmed.length
  })

const isLeased = (message: Message): boolean =>
  doing(message, 'take').length > 1 && doing(message, 'take').some(({ leaseMs }) => leaseMs !== undefined)

/** Returns whether all times are known and agree with the order of lines. */
function isTimed({ steps }: Message): boolean {
  const events = steps.flatMap(({ of: { line, return: end, calledNs, returnedNs } }) => [
    { at: line, ns: calledNs },
    ...(end === Number.POSITIVE_INFINITY ? [] : [{ at: end, ns: returnedNs }]),
  ])
  const inOrder = events.sort((a, b) => a.at - b.at)
  return inOrder.every(({ ns }, n) => ns !== undefined && ns >= (inOrder[n - 1]?.ns ?? ns))
}
