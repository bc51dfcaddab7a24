import { millis } from '@chaosproxy/history'
import { beats, during, ledByN1, stall } from '../beats.ts'
import { causeFirst } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  ...ledByN1,
  timeoutMs: millis(2_000),
  cast: ['Ana', 'Cleo', 'Ben'],
} satisfies Partial<Tale>

const album = '0 Ana n1 write album "for everybody" -- Ana’s album is for everybody, her mother included.'

export const photoQueue: Story = {
  name: 'photo-queue',
  summary: 'an album is closed before a photo is added; one reader sees the two in reverse order',
  told: [
    {
      ...system,
      title: 'two masters that replicate each change separately',
      target: 'master-master',
      beats: beats`
        ${album}
        ${during([200, 1_500], stall('n1', 'n3'), 'What n1 sends to n3 is late. n2 hears everything at once.')}
        400 Ana n1 write album "for friends" -- Ana closes the album: from now on it is for friends only.
        600 Cleo n2 read album = "for friends" -- Cleo, a friend, sees that it is closed …
        700 Cleo n2 write photo "from the party" -- … and adds a photo that is not for Ana’s mother.
        1000 Ben n3 read photo = "from the party" -- n3 has the photo from n2, and nothing from n1. It shows the photo …
        1100 Ben n3 read album = "for everybody" -- … in an album that is still for everybody. Ana’s mother calls.
        2500 Ben n3 read album = "for friends" -- A moment later it is closed.`,
      ending: {
        verdicts: { sequential: 'violated', causal: 'violated', eventual: 'met' },
        finally: { album: 'for friends', photo: 'from the party' },
        says: 'In the end everything is right. For a moment the second change was visible without the first.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'one queue that orders all changes',
    target: 'ordered-queue',
    beats: beats`
      ${album}
      ${during([200, 1_500], stall('n1', 'n3'), 'What n1 sends to n3 is late. n1 keeps the queue of all changes.')}
      400 Ana n1 write album "for friends" -- Ana closes the album: the second entry of the queue …
      600 Cleo n2 read album = "for friends" -- … Cleo sees that it is closed …
      700 Cleo n2 write photo "from the party" -- … and adds a photo: the third entry.
      1100 Ben n3 read photo = null -- n3 is behind, and shows no photo …
      1200 Ben n3 read album = "for everybody" -- … in the album as it was before.
      2500 Ben n3 read photo = "from the party" -- A moment later n3 shows the photo …
      2600 Ben n3 read album = "for friends" -- … after it has closed the album.`,
    ending: {
      verdicts: { linearizable: 'violated', sequential: 'met', eventual: 'met' },
      finally: { album: 'for friends', photo: 'from the party' },
      says: 'One reader sees the changes late, but in the right order. Nobody waited: Ana was answered at once.',
    },
  },
  ledger: causeFirst('photo', { key: 'album', value: 'for friends' }),
  lesson:
    'Changes that are replicated separately arrive in any order: the photo may come before the restriction that was meant for it. With one queue for all changes, readers may lag, but none sees the second change without the first.',
  source:
    'L. Lamport: Time, Clocks, and the Ordering of Events in a Distributed System, 1978; W. Lloyd, M. Freedman, M. Kaminsky, D. Andersen: Don’t Settle for Eventual, 2011 (the photo and the album)',
}
