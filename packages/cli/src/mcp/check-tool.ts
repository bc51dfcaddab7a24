import { readdirSync, statSync } from 'node:fs'
import { type CheckTask, checkCommandLine, checkFiles } from '@chaosproxy/engine'
import { UserError } from '@chaosproxy/history'
import { isUserFile } from '@chaosproxy/targets/user-file'
import { namedFiles } from '../check/files.ts'
import { parseCheckSettings } from '../check/use.ts'
import { confined, confinedWithin } from './confined.ts'
import { requireAllowed } from './own-names.ts'
import { type Input, objectOf, text } from './schema.ts'
import { toldAlways, toldMembers, toldResult, toldText } from './told-result.ts'
import type { Answer, CallContext, Tool } from './tool.ts'

export const checkTool: Tool = {
  name: 'check',
  title: 'Judge a recorded history',
  summary:
    'Says which consistency levels a saved history meets: a file (JSON lines, EDN or a Porcupine log) or the directory of a run.',
  effect: 'reads',
  input: () =>
    objectOf(
      {
        path: text('a history or the directory of a run, within the working directory of this server'),
        model: text('what the object is: register, queue, lock, …; what the history names if left out'),
        expect: text('the level it is held to; none if left out'),
      },
      ['path'],
    ),
  output: objectOf({ ...toldMembers, file: text('the history'), reproduce: text('the command that repeats it') }, [
    ...toldAlways,
    'file',
    'reproduce',
  ]),
  call: checked,
}

async function checked(input: Input, { settings }: CallContext): Promise<Answer> {
  const path = confined('check', String(input['path']))
  const { model, expect } = input
  if (typeof model === 'string' && isUserFile(model))
    requireAllowed('check', [{ kind: 'protocol', text: model }], settings)
  const { spec } = parseCheckSettings({ model, expect })
  const [named] = await namedFiles([path])
  const file = confined('check', named?.file ?? path)
  // A recording in parts.
  if (statSync(file).isDirectory()) confinedWithin('check', file, readdirSync(file))
  const again = checkCommandLine(file, spec)
  // The JSON reporter has every member, whichever thread reads the file.
  const telling = {
    reporters: [{ name: 'json', file: undefined, isOwn: false }],
    screen: { colours: false, terminal: { width: 110, unicode: true } },
  }
  const task: CheckTask = { file, settings: spec, alone: true, again, telling }
  for await (const result of checkFiles([task], spec)) {
    if ('trouble' in result) throw new UserError(result.trouble.code, result.trouble.message)
    if ('stopped' in result) throw new UserError('environment', result.stopped)
    const [said] = result.part.texts
    if (said === undefined || 'threw' in said) throw new Error(`the result of ${file} has no form: ${said?.threw}`)
    const told = toldResult(JSON.parse(said.said), result.exitCode)
    return { data: { ...told, file, reproduce: again }, text: `${toldText(told)}\nReproduce: ${again}` }
  }
  throw new Error(`${file} was given to the checker and has no result`)
}
