import { type Style, table } from '@chaosproxy/report'
import type { Setting } from '@chaosproxy/workloads'

/** A name and its description. An empty name continues the description above. */
export type Listed = readonly [name: string, text: string]

export const listing = (rows: readonly Listed[], paint: (name: string) => string): string[] =>
  table(
    [{ title: '' }, { title: '' }],
    rows.map(([name, text]) => [name === '' ? name : { text: name, paint }, text]),
    paint,
    2,
  )
    .slice(1)
    .map((line) => line.trimEnd())

export const settingText = (option: string, { name, default: usual, summary, values }: Setting, style: Style): string =>
  `${option} ${name}=${style.bold(String(usual))}  ${summary}${values === undefined ? '' : ` (${values.join(', ')})`}`
