import { duration } from '@chaosproxy/history'

/** Formats a latency: `1.2 ms`, `340 ms`, `2.10 s`. */
export const latency = (ms: number): string => duration(ms * 1e6)

/** Formats the offset of a clock: `+250 ms`, `−1.50 s`. */
export const offset = (ms: number): string => `${ms < 0 ? '−' : '+'}${latency(Math.abs(ms))}`

/** Formats milliseconds as `01:02.3`. */
export function clock(ms: number): string {
  const tenths = Math.floor(ms / 100)
  const minutes = Math.floor(tenths / 600)
  const seconds = Math.floor((tenths % 600) / 10)
  return `${String(minutes).padStart(2, '0')}:${String(seconds).padStart(2, '0')}.${tenths % 10}`
}

export const stageWords: { readonly [stage: string]: string } = {
  starting: 'starting the cluster',
  working: 'running',
  healing: 'healing',
  'final reads': 'reading a last time',
  ending: 'ending the cluster',
  checking: 'judging',
  judged: 'judged',
  failed: 'failed',
}
