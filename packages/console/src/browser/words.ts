/** `12,345`. */
export const count = (value: number): string => Math.round(value).toLocaleString('en-US')

/** `1 fault`, `2 faults`; `2 entries` with its plural. */
export const plural = (amount: number, one: string, several: string = `${one}s`): string =>
  `${count(amount)} ${amount === 1 ? one : several}`

/** `+250 ms`, `−1.5 s`, of a clock. */
export const offset = (ms: number): string => `${ms < 0 ? '−' : '+'}${latency(Math.abs(ms))}`

/** `01:02.3`, of milliseconds. */
export function clock(ms: number): string {
  const tenths = Math.floor(ms / 100)
  const minutes = Math.floor(tenths / 600)
  const seconds = Math.floor((tenths % 600) / 10)
  return `${String(minutes).padStart(2, '0')}:${String(seconds).padStart(2, '0')}.${tenths % 10}`
}

/** `1.2 ms`, `340 ms`, `2.1 s`. */
export function latency(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toPrecision(2)} s`
  return `${ms >= 100 ? Math.round(ms) : Number(ms.toPrecision(2))} ms`
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
