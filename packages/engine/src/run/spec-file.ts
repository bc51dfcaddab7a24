import { inputError, isObject, UserError } from '@chaosproxy/history'
import { parseRunSpec, type RunSpec } from '@chaosproxy/runner'
import { RECORDING } from '@chaosproxy/targets/named'
import { PACKAGE_NAME } from '@chaosproxy/targets/user-file'
import { commandLine } from '../command-line.ts'
import { readJsonAt } from '../text-file.ts'
import { packageVersion } from '../version.ts'

/**
 * Reads a spec from its own file, or from a `run.json`.
 *
 * @throws UserError (input)
 */
export function readSpecFile(path: string): RunSpec {
  const json = readJsonAt(path)
  if (!isObject(json)) return parseRunSpec(json, path)
  if (isObject(json['spec'])) {
    refuseRecording(json, json['spec'], path)
    return specOfRun(json, json['spec'], path)
  }
  if (json['kind'] === 'scenario')
    throw inputError(`${path} is a replay that chaos fuzz wrote. Replay it: chaos replay ${path}`)
  if ('config' in json && 'chaos' in json)
    throw inputError(
      `${path}: this run.json is from an older chaos (${String(json['version'])}), and contains no spec of the run. Run chaos with the options that the report of the run shows.`,
    )
  return parseRunSpec(json, path)
}

/** Rejects recordings by older versions of chaos, whose specs do not say how to start the servers and the clients. */
function refuseRecording(
  { circumstances }: { readonly [member: string]: unknown },
  { target }: { readonly [member: string]: unknown },
  path: string,
): void {
  if (!isObject(target) || target['name'] !== RECORDING || target['traffic'] !== undefined) return
  const [, ...words] = isObject(circumstances) && isTexts(circumstances['command']) ? circumstances['command'] : []
  const [first] = words
  const again = first === 'record' ? ` It was made by: ${commandLine(['npx', 'chaos', ...words])}` : ''
  throw inputError(
    `${path} is from a recording of an older chaos, which stored neither servers nor command. Record again.${again}`,
  )
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((word) => typeof word === 'string')

/**
 * The number of the format of `run.json`. Increases if the meaning of members changes, but not if members are added.
 */
const FORMAT = 1

/** Returns the spec of a `run.json`. For another format, the error names the version that can read it. */
function specOfRun(
  { chaos: format, version }: { readonly [member: string]: unknown },
  spec: unknown,
  path: string,
): RunSpec {
  const author = typeof version === 'string' && /^[\w.+-]+$/.test(version) ? version : undefined
  const remedy =
    author === undefined || author === packageVersion()
      ? ''
      : ` Chaos ${author} wrote it, and this is ${packageVersion()}: npx ${PACKAGE_NAME}@${author} run --spec ${path}`
  if (typeof format === 'number' && format > FORMAT)
    throw inputError(
      `${path}: it has format ${format}, and this version of chaos reads formats up to ${FORMAT}.${remedy}`,
    )
  try {
    return parseRunSpec(spec, path)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new UserError(error.code, `${error.message}${remedy}`)
  }
}
