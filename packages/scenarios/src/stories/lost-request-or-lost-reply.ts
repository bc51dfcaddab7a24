import { millis } from '@chaosproxy/history'
import { beats, during, loseReply, loseRequest } from '../beats.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  target: 'raft',
  nodes: 3,
  workload: 'set',
  timeoutMs: millis(500),
  leader: 'n1',
  cast: ['Ana', 'Ben'],
} satisfies Partial<Tale>

export const lostRequestOrLostReply: Story = {
  name: 'lost-request-or-lost-reply',
  summary: 'no answer comes, and nothing shows whether the pizza is in the oven',
  told: [
    {
      ...system,
      title: 'the request is lost',
      beats: beats`
        ${during([100, 400], loseRequest('n1'), 'For a moment, requests to n1 are lost on the way.')}
        200 Ana n1 add orders "one pizza" unanswered -- Ana orders a pizza, and hears nothing.
        900 Ben n1 read orders = [] -- Ben, at the oven, sees no order.`,
      ending: {
        verdicts: { linearizable: 'met' },
        finally: { orders: [] },
        says: 'Ana got no answer, and no pizza.',
      },
    },
    {
      ...system,
      title: 'the answer is lost',
      beats: beats`
        ${during([100, 400], loseReply('n1'), 'This time the other direction: replies of n1 are lost on the way back.')}
        200 Ana n1 add orders "one pizza" unanswered -- Ana orders a pizza, and hears nothing: she cannot tell the difference.
        900 Ben n1 read orders = ["one pizza"] -- Ben, at the oven, sees the order.`,
      ending: {
        verdicts: { linearizable: 'met' },
        finally: { orders: ['one pizza'] },
        says: 'Ana got no answer, and a pizza.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'an order that can safely be repeated',
    beats: beats`
      ${during([100, 400], loseReply('n1'), 'Replies of n1 are lost on the way back.')}
      200 Ana n1 add orders "order 17: one pizza" unanswered -- Ana orders, under a number of her own, and hears nothing.
      800 Ana n1 add orders "order 17: one pizza" -- She orders again, under the same number. To a set, the second time changes nothing.
      900 Ben n1 read orders = ["order 17: one pizza"] -- Ben sees one order.`,
    ending: {
      verdicts: { linearizable: 'met' },
      finally: { orders: ['order 17: one pizza'] },
      says: 'Ana got an answer, and one pizza.',
    },
  },
  withoutLedger: 'No promise is broken; knowledge is missing, and no answer shows that.',
  lesson:
    'A client without an answer cannot know whether the request or the reply was lost, and must not conclude that the request failed. Make requests idempotent (let them state the wanted value, or carry an id), and repeat them until an answer comes.',
  source:
    'J. Saltzer, D. Reed, D. Clark: End-to-End Arguments in System Design, 1984; A. Birrell, B. Nelson: Implementing Remote Procedure Calls, 1984',
}
