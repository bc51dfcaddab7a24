import { defineFault } from '../definition.ts'
import { choice, count, ms, or } from '../parameter.ts'

export const kill = defineFault({
  kind: 'kill',
  plural: 'kills',
  summary: 'the process is killed (kill -9), and started on the same disk at heal',
  parameters: {},
  describe: (_, nodes) => `${nodes} killed`,
})

const effectNames = { persist: 'write', send: 'message', reply: 'answer' } as const

/** Effects are counted from when the fault is injected. */
export const crash = defineFault({
  kind: 'crash',
  plural: 'crashes',
  summary: 'the process is killed just before its nth effect of one kind, and started on the same disk at heal',
  parameters: {
    before: choice(['persist', 'send', 'reply'], 'what it dies before'),
    nth: or(count('of these, counted from 1', { least: 1 }), 1),
  },
  describe: ({ before, nth }, nodes) => `${nodes} killed before ${effectNames[before]} ${nth}`,
})

export const pause = defineFault({
  kind: 'pause',
  plural: 'pauses',
  summary: 'the process is stopped in mid-step (SIGSTOP), and resumed at heal',
  parameters: {},
  describe: (_, nodes) => `${nodes} paused`,
})

export const failover = defineFault({
  kind: 'failover',
  plural: 'failovers',
  summary: "a node is told to fail over, by the system's own command (SENTINEL FAILOVER, pg_promote)",
  parameters: {},
  describe: (_, nodes) => `${nodes} told to fail over`,
})

const LONGEST_JUMP_MS = 24 * 3_600_000
/** Beyond half or twice its speed, a clock is useless as such. */
const GREATEST_DRIFT_PPM = 500_000

export const clock = defineFault({
  kind: 'clock',
  plural: 'wrong clocks',
  summary: 'the clock jumps, and from then on runs too fast or too slow',
  parameters: {
    offsetMs: or(ms('how far it jumps', { least: -LONGEST_JUMP_MS, most: LONGEST_JUMP_MS }), 0),
    driftPpm: or(
      count('how much too fast it runs, in parts of a million', {
        least: -GREATEST_DRIFT_PPM,
        most: GREATEST_DRIFT_PPM,
      }),
      0,
    ),
  },
  describe: ({ offsetMs, driftPpm }, nodes) =>
    `${nodes.includes(' ') ? 'clocks' : 'clock'} of ${nodes} ${describeClock(offsetMs, driftPpm)}`,
})

function describeClock(offsetMs: number, driftPpm: number): string {
  const jump = offsetMs === 0 ? [] : [`${Math.abs(offsetMs)} ms ${offsetMs > 0 ? 'ahead' : 'behind'}`]
  const drift = driftPpm === 0 ? [] : [`${Math.abs(driftPpm) / 10_000}% too ${driftPpm > 0 ? 'fast' : 'slow'}`]
  return [...jump, ...drift].join(' and ') || 'right'
}
