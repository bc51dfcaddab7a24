import { defineStory, type Extension, millis, storyWords } from 'chaosproxy'

const { beats, ledByN1 } = storyWords

const told = {
  ...ledByN1,
  title: 'one register',
  target: 'raft',
  timeoutMs: millis(500),
  cast: ['Ana', 'Ben'],
  beats: beats`
    0 Ana n1 write seat 8 -- Ana takes the seat.
    200 Ben n1 read seat = 8 -- Ben sees that it is taken.`,
  ending: { verdicts: { linearizable: 'met' }, finally: { seat: 8 }, says: 'Nobody sat on anybody.' },
} as const

export const retold: Extension = defineStory({
  name: 'retold',
  summary: 'the shortest, once more',
  told: [told],
  fix: told,
  lesson: 'A register holds what was written last.',
  source: 'this test',
})
