import { millis } from '@chaosproxy/history'
import { add, ask, done, during, loseReply, loseRequest, sees, unanswered } from '../beats.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  target: 'raft',
  nodes: 3,
  timeoutMs: millis(500),
  seed: 1,
  leader: 'n1',
  cast: ['Ana', 'Ben'],
} as const satisfies Partial<Tale>

export const lostRequestOrLostReply: Story = {
  name: 'lost-request-or-lost-reply',
  summary: 'no answer comes, and nothing tells whether the pizza is in the oven',
  told: [
    {
      ...system,
      title: 'the request is lost',
      workload: 'set',
      beats: [
        during([100, 400], loseRequest('n1'), 'For a moment, requests to n1 get lost on the way.'),
        ask(200, ['Ana', 'n1'], unanswered(add('orders', 'one pizza')), 'Ana orders a pizza, and hears nothing.'),
        ask(900, ['Ben', 'n1'], sees('orders', []), 'Ben, at the oven, sees no order.'),
      ],
      ending: {
        verdicts: { linearizable: 'met' },
        finally: { orders: [] },
        says: 'Ana got no answer, and no pizza.',
      },
    },
    {
      ...system,
      title: 'the answer is lost',
      workload: 'set',
      beats: [
        during(
          [100, 400],
          loseReply('n1'),
          'The same moment, the other direction: answers of n1 get lost on the way back.',
        ),
        ask(
          200,
          ['Ana', 'n1'],
          unanswered(add('orders', 'one pizza')),
          'Ana orders a pizza, and hears nothing: to her it is the same evening.',
        ),
        ask(900, ['Ben', 'n1'], sees('orders', ['one pizza']), 'Ben, at the oven, sees the order.'),
      ],
      ending: {
        verdicts: { linearizable: 'met' },
        finally: { orders: ['one pizza'] },
        says: 'Ana got no answer, and a pizza.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'an order that can be repeated without harm',
    workload: 'set',
    beats: [
      during([100, 400], loseReply('n1'), 'Answers of n1 get lost on the way back.'),
      ask(
        200,
        ['Ana', 'n1'],
        unanswered(add('orders', 'order 17: one pizza')),
        'Ana orders, under a number of her own, and hears nothing.',
      ),
      ask(
        800,
        ['Ana', 'n1'],
        done(add('orders', 'order 17: one pizza')),
        'She orders again, under the same number. To a set, the second time changes nothing.',
      ),
      ask(900, ['Ben', 'n1'], sees('orders', ['order 17: one pizza']), 'Ben sees one order.'),
    ],
    ending: {
      verdicts: { linearizable: 'met' },
      finally: { orders: ['order 17: one pizza'] },
      says: 'Ana got an answer, and one pizza.',
    },
  },
  withoutLedger: 'Nothing that was promised is broken: what is missing is knowledge, which no answer shows.',
  lesson:
    'Whoever gets no answer cannot know whether the request, the work or the answer was lost, and must not take it for a failure. Make requests repeatable, by naming what shall be true afterwards or by an id of their own, and repeat them until an answer comes.',
  source:
    'J. Saltzer, D. Reed, D. Clark: End-to-End Arguments in System Design, 1984; A. Birrell, B. Nelson: Implementing Remote Procedure Calls, 1984',
}
