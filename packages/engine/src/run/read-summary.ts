import { isParsed, type RunSummary } from '@chaosproxy/runner/result'
import { foundJson } from '../whole-file.ts'

/**
 * The content of `run.json` without its verdicts, which are kept in another form; undefined if there is no such file,
 * or it was written by something else or by a version with another form.
 */
export function readSummary(path: string): RunSummary | undefined {
  const json = foundJson(path)
  if (!isParsed(json) || json['chaos'] !== 1) return undefined
  const lists = [json['faults'], json['phases'], json['vacuous'], json['trouble']]
  return lists.every(Array.isArray) ? (json as unknown as RunSummary) : undefined
}
