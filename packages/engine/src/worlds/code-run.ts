import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { type Nanos, nanos } from '@chaosproxy/history'
import type { AwaitedSql, CodeStep, SharedState, Site } from '@chaosproxy/node-simulator'
import type { CodeRun } from '@chaosproxy/report'

/** The path of a source file as messages print it. */
export const relativeFile = (file: string): string => relative('.', file)

/** The places in a program's source that steps refer to by number, and the time at which the program's run began. */
interface Sited {
  readonly sites: readonly Site[]
  readonly startedAt: Nanos
}

/**
 * Adds two steps for each SQL statement: its answer, and the commit of its writes. A value in the program that came
 * from a query's result also depends on the cells that the query read.
 */
export function withSql(
  steps: CodeRun['steps'],
  awaited: readonly AwaitedSql[],
  { sites, startedAt }: Sited,
): CodeRun['steps'] {
  const known = new Map<string, Set<string>>()
  const cells = new Map<string, Set<string>>()
  const inSql = awaited.flatMap((statement): CodeRun['steps'] => {
    const { request, site: number, sql, outcome, answeredAt, reads, writes, committedAt } = statement
    const site = sites[number]
    if (site === undefined) return []
    const own = known.get(request) ?? new Set()
    known.set(request, own)
    const nothing = { reads: [], writes: [], rests: [] }
    const at = (time: Nanos) => ({
      ...{ type: 'sql' as const, site: number, within: site.within, request, line: site.line },
      ...{ file: relativeFile(site.file), at: nanos(time - startedAt) },
    })
    const answered = { ...at(answeredAt), ...nothing, reads, sql: { text: sql, outcome } }
    const committed = { ...at(committedAt), ...nothing, writes, rests: [...own] }
    for (const cell of reads) own.add(cell)
    const { within, line } = site
    const sqlStep = steps.find((step) => step.request === request && step.within === within && step.line === line)
    for (const state of sqlStep?.reads ?? []) {
      const name = `${request} ${state}`
      cells.set(name, new Set([...(cells.get(name) ?? []), ...reads]))
    }
    return writes.length === 0 ? [answered] : [answered, committed]
  })
  const resting = steps.map((step) => ({
    ...step,
    rests: step.rests.flatMap((state) => [state, ...(cells.get(`${step.request} ${state}`) ?? [])]),
  }))
  return [...resting, ...inSql].sort((one, other) => one.at - other.at)
}

/** Returns the steps of a program with the state that each step touched. */
export function codeSteps(steps: readonly CodeStep[], { sites, startedAt }: Sited): CodeRun['steps'] {
  // Functions that run anew for each request. Requests do not share the state of such a function.
  const entered = new Set(steps.flatMap(({ type, site }) => (type === 'enters' ? [site] : [])))
  const shared = (states: readonly SharedState[] | undefined, node: string): readonly string[] =>
    (states ?? [])
      .filter(({ of }) => of === undefined || !entered.has(of))
      .map(({ name, part, kept }) => JSON.stringify([name, part, kept === 'memory' ? node : '']))
  return steps.flatMap(({ type, site: number, request, node, at }) => {
    const site = sites[number]
    if (site === undefined) return []
    const { within, line, reads, writes, rests } = site
    const touched = { reads: shared(reads, node), writes: shared(writes, node), rests: shared(rests, node) }
    return [
      {
        type,
        site: number,
        within,
        request,
        file: relativeFile(site.file),
        line,
        at: nanos(at - startedAt),
        ...touched,
      },
    ]
  })
}

/** Returns the lines of each source file, by its shown path. */
export const sourcesOf = ({ sites }: Pick<Sited, 'sites'>): CodeRun['sources'] =>
  Object.fromEntries(
    [...new Set(sites.map(({ file }) => file))].map((file) => [
      relativeFile(file),
      readFileSync(file, 'utf8').split(/\r?\n/),
    ]),
  )
