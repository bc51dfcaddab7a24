import { type FaultFamily, type Parameter, parametersOf, trafficFamilies } from '@chaosproxy/faults'
import { printable, type Style, table } from '@chaosproxy/report'
import type { FaultAnswer } from './control-types.ts'

/** A table of rows below their titles. Cells are made printable, because clients of a proxy can choose names. */
export function renderTable(titles: readonly string[], rows: readonly (readonly string[])[], style: Style): string {
  const columns = titles.map((title) => ({ title }))
  const lines = table(
    columns,
    rows.map((row) => row.map(printable)),
    style.dim,
    2,
  )
  return lines.map((line) => `  ${line.trimEnd()}\n`).join('')
}

/**
 * Returns a list of all kinds of faults: the parameters of each kind with their units, and the conditions that restrict
 * where and when a fault acts.
 */
export function renderKinds(style: Style): string {
  return trafficFamilies
    .map(({ summary, kinds, match, when }: FaultFamily) => {
      const faults = kinds.flatMap(({ kind, summary: what, parameters, shorthands }) => [
        `  ${style.bold(kind.padEnd(20))}${what}`,
        ...parametersOf({ ...parameters, ...shorthands }).map(renderParameter),
      ])
      const matching = parametersOf(match)
      const narrowing = [
        ...(matching.length === 0 ? [] : ['  which of them', ...matching.map(renderParameter)]),
        '  when',
        ...parametersOf(when).map(renderParameter),
      ]
      return [style.bold(`faults of ${summary}`), ...faults, ...narrowing, ''].map((line) => `${line}\n`).join('')
    })
    .join('')
}

function renderParameter(parameter: Parameter): string {
  const { name, unit, summary, values } = parameter
  const kind = values === undefined ? (unit === 'text' ? '' : ` (${unit})`) : ` (${values.join(', ')})`
  const fallback = parameter.default === undefined ? '' : ` [${formatValue(parameter.default)}]`
  return `    ${name.padEnd(18)}${summary}${kind}${fallback}`
}

const formatValue = (value: unknown): string =>
  typeof value === 'string' && /^\S+$/.test(value) ? value : JSON.stringify(value)

/** `1.2 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

/** The active faults, and how often each has taken effect. */
export function renderFaults(faults: readonly FaultAnswer[], style: Style): string {
  if (faults.length === 0) return '  no faults\n'
  const rows = faults.map(({ name, kind, links, hits, missed, missedBecause, origin, lease: _, ...parameters }) => [
    name,
    kind,
    links.join(' '),
    missed === undefined
      ? String(hits)
      : `${hits}, and ${missed} missed${missedBecause === undefined ? '' : `: ${missedBecause}`}`,
    origin,
    Object.entries(parameters)
      .map(([parameter, value]) => `${parameter}=${formatValue(value)}`)
      .join(' '),
  ])
  return renderTable(['fault', 'kind', 'links', 'hits', 'from', 'parameters'], rows, style)
}
