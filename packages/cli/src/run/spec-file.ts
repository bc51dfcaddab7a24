import { readFileSync } from 'node:fs'
import { UserError } from '@chaosproxy/history'
import { whyUnreadable } from '@chaosproxy/history/files'
import { parseRunSpec, type RunSpec } from '@chaosproxy/runner'

/**
 * A spec from its own file, or the one that a `run.json` holds.
 *
 * @throws UserError (input)
 */
export function readSpecFile(path: string): RunSpec {
  const json = parse(path)
  if (!isObject(json)) return parseRunSpec(json, path)
  if (isObject(json['spec'])) return parseRunSpec(json['spec'], path)
  if (json['kind'] === 'scenario')
    throw new UserError('input', `${path} is a replay that chaos fuzz wrote: play it with chaos replay ${path}`)
  if ('config' in json && 'chaos' in json)
    throw new UserError(
      'input',
      `${path}: this run.json is of an older chaos (${String(json['version'])}), which kept no spec of its runs: give the options that its report shows instead.`,
    )
  return parseRunSpec(json, path)
}

function parse(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new UserError('input', `${path}: ${whyUnreadable(error)}`)
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UserError('input', `${path}: not JSON: ${(error as Error).message}`)
  }
}

const isObject = (value: unknown): value is { readonly [member: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
