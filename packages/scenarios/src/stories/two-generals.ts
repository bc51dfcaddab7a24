import { millis } from '@chaosproxy/history'
import { ask, done, during, ledByN1, loseReply, sees, unanswered, write } from '../beats.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  ...ledByN1,
  target: 'raft',
  timeoutMs: millis(400),
  cast: ['Alba', 'Brun'],
} as const satisfies Partial<Tale>

const enemy = (untilMs: number) =>
  during(
    [0, untilMs],
    loseReply('n1', 'n2'),
    'Two generals win only if they attack together. Their couriers cross a valley that the enemy holds: whoever sends one never sees him return.',
  )

export const twoGenerals: Story = {
  name: 'two-generals',
  summary: 'however many confirmations are sent, the last one may be the one that is lost',
  told: [
    {
      ...system,
      title: 'couriers that may not arrive',
      beats: [
        enemy(2_450),
        ask(
          100,
          ['Alba', 'n1'],
          unanswered(write('plan', 'attack at dawn')),
          'Alba sends: attack at dawn. Did it arrive? She will not attack alone.',
        ),
        ask(600, ['Brun', 'n3'], sees('plan', 'attack at dawn'), 'Brun, beyond the valley, reads it: it did arrive.'),
        ask(
          700,
          ['Brun', 'n2'],
          unanswered(write('reply', 'agreed')),
          'He sends: agreed. Did that arrive? If not, Alba will stay; so he will not attack alone either.',
        ),
        ask(
          1_300,
          ['Alba', 'n1'],
          unanswered(write('reply to the reply', 'then it is agreed')),
          'It did arrive. Alba confirms that it did, and now cannot know whether Brun knows that she knows.',
        ),
        ask(
          1_900,
          ['Brun', 'n2'],
          unanswered(write('and so on', 'then it is agreed indeed')),
          'Brun confirms the confirmation. Nothing is gained: the last courier is always the one whose arrival is uncertain.',
        ),
        ask(
          2_500,
          ['Alba', 'n1'],
          sees('plan', 'attack at dawn'),
          'In the morning the valley is empty, and everything can be read. Every message had arrived.',
        ),
      ],
      ending: {
        verdicts: { linearizable: 'met' },
        finally: {
          plan: 'attack at dawn',
          reply: 'agreed',
          'reply to the reply': 'then it is agreed',
          'and so on': 'then it is agreed indeed',
        },
        says: 'Four messages, all delivered, and neither general could attack: no number of them makes both certain.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'one decides, and repeats it until it is confirmed',
    beats: [
      enemy(1_150),
      ask(
        100,
        ['Alba', 'n1'],
        unanswered(write('plan', 'attack at dawn')),
        'Alba alone decides, and asks for nothing but a receipt. None comes.',
      ),
      ask(
        700,
        ['Alba', 'n1'],
        unanswered(write('plan', 'attack at dawn')),
        'She sends the same again: to know it twice does no harm.',
      ),
      ask(
        1_300,
        ['Alba', 'n1'],
        done(write('plan', 'attack at dawn')),
        'And again, until one receipt comes through. Now she knows that the plan stands, and whoever reads it may act.',
      ),
      ask(
        1_400,
        ['Brun', 'n2'],
        sees('plan', 'attack at dawn'),
        'Brun acts on what is decided, not on what Alba knows of him.',
      ),
    ],
    ending: {
      verdicts: { linearizable: 'met' },
      finally: { plan: 'attack at dawn' },
      says: 'Certainty on both sides at a given hour is still impossible. A decision that is made once and repeated until it is known is not.',
    },
  },
  withoutLedger: 'Every message arrives; what neither side has is certainty, which no answer shows.',
  lesson:
    'Over a line that may lose any message, no protocol of finitely many messages makes two sides certain of the same thing at the same time. So do not need it: let one place decide, make messages repeatable, and repeat them until they are answered.',
  source:
    'E. Akkoyunlu, K. Ekanadham, R. Huber: Some Constraints and Tradeoffs in the Design of Network Communications, 1975; J. Gray: Notes on Data Base Operating Systems, 1978 (the generals)',
}
