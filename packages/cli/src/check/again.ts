import { UNKNOWN_START } from '@chaosproxy/checker'
import type { CheckSpec } from '@chaosproxy/engine'
import { commandLine, fileWord } from '@chaosproxy/engine'

/** The command that repeats the check. */
export function againCommand(
  file: string,
  { model, initial, expect, require = [], format, keyed, failedCas }: CheckSpec,
): string {
  const given = {
    model,
    initial: initial === undefined || initial === UNKNOWN_START ? initial : JSON.stringify(initial),
    expect,
    format,
  }
  const options = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]))
  const required = require.flatMap((each) => ['--require', each])
  const cas = failedCas === 'auto' ? [] : ['--failed-cas', failedCas]
  const pairs = keyed === undefined ? [] : [keyed ? '--keyed' : '--no-keyed']
  return commandLine(['npx', 'chaos', 'check', fileWord(file), ...options, ...required, ...cas, ...pairs])
}
