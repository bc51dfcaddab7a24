import { UNKNOWN_START } from '@chaosproxy/checker'
import { commandLine, fileWord } from '../command-line.ts'
import type { CheckSpec } from './options.ts'

/** The command that checks a file so, or checks it again. */
export function checkCommandLine(
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
