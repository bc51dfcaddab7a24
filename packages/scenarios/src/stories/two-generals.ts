import { millis } from '@chaosproxy/history'
import { beats, during, ledByN1, loseReply } from '../beats.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  ...ledByN1,
  target: 'raft',
  timeoutMs: millis(400),
  cast: ['Alba', 'Brun'],
} satisfies Partial<Tale>

const enemy = (untilMs: number) =>
  during(
    [0, untilMs],
    loseReply('n1', 'n2'),
    'Two generals win only if they attack together. Their couriers cross a valley that the enemy holds, and no courier returns.',
  )

export const twoGenerals: Story = {
  name: 'two-generals',
  summary: 'however many confirmations are sent, the last one may be lost',
  told: [
    {
      ...system,
      title: 'couriers who may not arrive',
      beats: beats`
        ${enemy(2_450)}
        100 Alba n1 write plan "attack at dawn" unanswered -- Alba sends: attack at dawn. Did it arrive? She will not attack alone.
        600 Brun n3 read plan = "attack at dawn" -- Brun, across the valley, reads it: it did arrive.
        700 Brun n2 write reply agreed unanswered -- He sends: agreed. Did that arrive? If not, Alba will stay, so he will not attack alone either.
        1300 Alba n1 write "reply to the reply" "then it is agreed" unanswered -- It did. Alba confirms, but cannot know whether Brun receives her confirmation.
        1900 Brun n2 write "and so on" "then it is agreed indeed" unanswered -- Brun confirms the confirmation. Nothing is gained: the arrival of the last courier is always uncertain.
        2500 Alba n1 read plan = "attack at dawn" -- In the morning the valley is free, and it turns out that every message had arrived.`,
      ending: {
        verdicts: { linearizable: 'met' },
        finally: {
          plan: 'attack at dawn',
          reply: 'agreed',
          'reply to the reply': 'then it is agreed',
          'and so on': 'then it is agreed indeed',
        },
        says: 'Four messages, all delivered, and neither general could attack: no number of messages makes both certain.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'one general decides, and repeats the decision until it is confirmed',
    beats: beats`
      ${enemy(1_150)}
      100 Alba n1 write plan "attack at dawn" unanswered -- Alba alone decides, and asks only for an acknowledgement. None comes.
      700 Alba n1 write plan "attack at dawn" unanswered -- She sends the same again: receiving it twice does no harm.
      1300 Alba n1 write plan "attack at dawn" -- And again, until one acknowledgement comes through. Now she knows that the plan stands, and anyone who reads it may act.
      1400 Brun n2 read plan = "attack at dawn" -- Brun acts on the decision, not on what Alba knows about him.`,
    ending: {
      verdicts: { linearizable: 'met' },
      finally: { plan: 'attack at dawn' },
      says: 'Both sides still cannot be certain at a given hour. But a decision can be made once and repeated until it is known.',
    },
  },
  withoutLedger:
    'Every message arrives; both sides lack only certainty, and no answer to a client shows whether a side is certain.',
  lesson:
    'Over a link that may lose any message, no finite protocol makes two sides certain of the same thing at the same time. So do not depend on that: let one side decide, make messages idempotent, and repeat them until they are acknowledged.',
  source:
    'E. Akkoyunlu, K. Ekanadham, R. Huber: Some Constraints and Tradeoffs in the Design of Network Communications, 1975; J. Gray: Notes on Data Base Operating Systems, 1978 (the generals)',
}
