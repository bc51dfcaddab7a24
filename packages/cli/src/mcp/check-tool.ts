import { readdirSync, statSync } from 'node:fs'
import { areSmall, type CheckResult, type CheckTask, checkCommandLine, checkFiles } from '@chaosproxy/engine'
import { RUN_JSON } from '@chaosproxy/engine/run'
import { environmentError, UserError, usageError } from '@chaosproxy/history'
import { isUserFile } from '@chaosproxy/targets/user-file'
import * as v from 'valibot'
import { namedFiles } from '../check/files.ts'
import { parseCheckSettings } from '../check/use.ts'
import { confined, confinedWithin } from './confined.ts'
import { requireAllowed } from './own-names.ts'
import { summarizeResult, summaryMembers, summaryText } from './result-summary.ts'
import { describedText, text } from './schema.ts'
import type { Answer, CallContext, Tool } from './tool.ts'

const input = v.strictObject({
  path: text('a history or the directory of a run, within the working directory of this server'),
  model: v.optional(text('model of the object: register, queue, lock, …; the one that the history names if left out')),
  expect: v.optional(text('the level that the history must meet; none if left out')),
})

export const checkTool: Tool = {
  name: 'check',
  title: 'Judge a recorded history',
  summary:
    'Says which consistency levels a saved history meets: a file (JSON lines, EDN or a Porcupine log) or the directory of a run.',
  effect: 'reads',
  input: () => input,
  output: v.strictObject({
    ...summaryMembers,
    file: describedText('the path of the history'),
    reproduce: describedText('the command that repeats the check'),
  }),
  call: checked,
}

async function checked(
  { path: given, model, expect }: v.InferOutput<typeof input>,
  { settings, signal }: CallContext,
): Promise<Answer> {
  const path = confined('check', given)
  confinedWithin('check', path, [RUN_JSON])
  if (model !== undefined && isUserFile(model)) requireAllowed('check', [{ kind: 'protocol', text: model }], settings)
  const { spec } = parseCheckSettings({ model, expect })
  const [named] = await namedFiles([path])
  const file = confined('check', named?.file ?? path)
  // A recording's directory contains its parts, and these must be within the working directory, too.
  if (statSync(file).isDirectory()) confinedWithin('check', file, readdirSync(file))
  const again = checkCommandLine(file, spec)
  // The file is checked in another thread, so its result arrives here as the text of the JSON reporter.
  const output = {
    reporters: [{ name: 'json', file: undefined, isOwn: false }],
    screen: { colours: false, terminal: { width: 110, unicode: true } },
  }
  const setup = named === undefined || 'trouble' in named ? undefined : named.setup
  const task: CheckTask = { file, settings: spec, setup, alone: true, again, output }
  // On this thread, the check would block all other calls, and slow down a run.
  const threads = areSmall([{ file }]) ? 1 : undefined
  const result = await onlyResult(checkFiles([task], { ...spec, workers: threads }, undefined, signal), signal)
  if ('trouble' in result) throw new UserError(result.trouble.code, result.trouble.message)
  if ('stopped' in result) throw environmentError(result.stopped)
  const [said] = result.part.texts
  if (said === undefined || 'threw' in said)
    throw new Error(`the JSON result of ${file} could not be written: ${said?.threw}`)
  const found = summarizeResult(JSON.parse(said.content), result.exitCode)
  return { data: { ...found, file, reproduce: again }, text: `${summaryText(found)}\nReproduce: ${again}` }
}

/** @throws UserError (usage) if the call was cancelled. */
async function onlyResult(results: AsyncIterable<CheckResult>, cancelled: AbortSignal): Promise<CheckResult> {
  try {
    for await (const result of results) return result
  } catch (error) {
    throw cancelled.aborted ? usageError('check: cancelled.') : error
  }
  throw new Error('the file was given to the checker and has no result')
}
