import {
  defineConfig,
  defineFault,
  defineModel,
  defineNemesis,
  defineReporter,
  defineStory,
  millis,
  parameter,
  storyWords,
} from 'chaosproxy'
import { memcached } from './memcached.ts'

const stutter = defineFault({
  kind: 'stutter',
  summary: 'large chunks wait',
  parameters: { aboveBytes: parameter.bytes('larger than this'), pauseMs: parameter.ms('for how long') },
  on: 'bytes',
  stage: ({ harm }) => ({
    countsArriving: 'bytes',
    delayMs: ({ bytes }) => (bytes.length > harm().aboveBytes ? harm().pauseMs : 0),
  }),
})

const stutters = defineNemesis({
  name: 'stutters',
  summary: 'let large chunks of clients wait',
  kind: 'stutter',
  among: 'clients',
  plan: () => ({
    parts: [{ from: 0, to: 1, plan: { kind: 'stutter', links: 'from-clients', aboveBytes: 20, pauseMs: 30 } }],
    lengths: 1,
  }),
})

const stack = defineModel({
  name: 'pile',
  initial: [] as readonly unknown[],
  apply: (items, { f, value }) =>
    f === 'push' ? [[...items, value]] : [items.slice(0, -1), (items.at(-1) ?? null) as null],
  key: (items) => JSON.stringify(items),
})

const shout = defineReporter({
  name: 'shout',
  summary: 'the verdict in capital letters',
  report: (findings) => findings.map(({ verdict }) => `${verdict.toUpperCase()}!\n`).join(''),
})

const seat = {
  ...storyWords.ledByN1,
  title: 'one register',
  target: 'raft',
  timeoutMs: millis(500),
  cast: ['Ana', 'Ben'],
  beats: storyWords.beats`
    0 Ana n1 write seat 8 -- Ana takes the seat.
    200 Ben n1 read seat = 8 -- Ben sees that it is taken.`,
  ending: { verdicts: { linearizable: 'met' }, finally: { seat: 8 }, says: 'Nobody sat on anybody.' },
} as const

const taken = defineStory({
  name: 'taken-seat',
  summary: 'the shortest of all',
  told: [seat],
  fix: seat,
  lesson: 'A register holds what was written last.',
  source: 'this test',
})

export default defineConfig({ extend: [stutter, stutters, memcached, stack, shout, taken] })
