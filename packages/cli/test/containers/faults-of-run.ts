import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunSummary } from '@chaosproxy/runner/result'

/**
 * Returns the kinds of faults that took effect in the latest run of this directory. The page of a run with a violation
 * is no substitute: it may omit some of these faults.
 */
export function faultsInEffect(cwd: string): readonly string[] {
  const results = join(cwd, 'chaos-results')
  const [latest = ''] = readdirSync(results)
    .map((run) => join(results, run, 'run.json'))
    .filter((path) => existsSync(path))
    .sort()
    .reverse()
  const { faults } = JSON.parse(readFileSync(latest, 'utf8')) as Pick<RunSummary, 'faults'>
  return [...new Set(faults.filter(({ hits }) => hits > 0).map(({ fault }) => fault.kind))].sort()
}
