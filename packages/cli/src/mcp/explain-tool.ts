import { existsSync } from 'node:fs'
import { usageError } from '@chaosproxy/history'
import { plainStyle } from '@chaosproxy/report'
import { drawContradiction, explain, renderExplained } from '@chaosproxy/report/explanation'
import * as v from 'valibot'
import { parseModel } from '../arguments/reading.ts'
import { explainedFiles, readExplained } from '../explain/read-explained.ts'
import { confined } from './confined.ts'
import { isRunUnderWay } from './run-tool.ts'
import { describedText, objects, oneOf, text, texts } from './schema.ts'
import type { Answer, Tool } from './tool.ts'

const input = v.strictObject({
  path: text('a history or the directory of a run, within the working directory of this server'),
  level: v.optional(text('the level to explain; the strongest violated level if left out')),
  model: v.optional(text('model of the object; the one that the history names if left out')),
})

export const explainTool: Tool = {
  name: 'explain',
  title: 'Explain a violation',
  summary:
    'Tells the contradiction in a history or a run: a sentence, a drawing as text, the operations in order, the faults that mattered, and what usually causes it.',
  effect: 'reads',
  input: () => input,
  output: v.strictObject({
    title: describedText('what users lost, in their words; the verdict if nothing is lost'),
    verdict: describedText('the verdict on the level'),
    mood: v.optional(describedText('whether the verdict is good, bad or unsure')),
    sentence: describedText('the contradiction in a sentence, and why it was possible; empty if nothing is violated'),
    why: v.pipe(
      v.strictObject({
        text: describedText('how the violation arose; without a violation, what the verdict is based on'),
        certainty: oneOf(['shown', 'likely', 'unknown'], 'how certain "text" is'),
        settings: describedText('the settings chosen for the target; empty if unknown'),
      }),
      v.description('why the violation was possible'),
    ),
    advice: v.pipe(
      v.strictObject({
        text: describedText('the advice in words'),
        command: v.optional(describedText('the command that carries out the advice')),
      }),
      v.description('what to do next'),
    ),
    also: texts('the other levels that forbid this violation, and the other violations'),
    messages: texts('the messages between nodes that matter for the contradiction; empty if none were recorded'),
    drawing: describedText(
      'the contradiction drawn: time runs down, a lane for each node; empty if nothing is violated',
    ),
    steps: objects('the operations that matter, in the order in which they began'),
    faults: texts('what was broken meanwhile'),
    levels: v.pipe(
      v.array(
        v.strictObject({
          level: describedText('the name of the level'),
          asks: v.optional(describedText('what the level requires')),
          result: oneOf(['met', 'violated', 'unknown'], 'the verdict'),
          why: v.optional(describedText('the reason in words')),
        }),
      ),
      v.description('the levels, strongest first'),
    ),
    causes: objects('the usual causes of this violation, each with a remedy'),
    notes: texts('why the verdict proves less than it seems to'),
    warnings: texts('what was tolerated in the history, or is missing from it'),
  }),
  call: explained,
}

const PAGE = { width: 110, unicode: true } as const
/** The drawing is wide, because one that does not fit would be replaced by a list. */
const DRAWING = { width: 240, unicode: true } as const

async function explained({ path: given, level, model }: v.InferOutput<typeof input>): Promise<Answer> {
  if (isRunUnderWay())
    throw usageError('explain: a run is under way, and this would slow it down. Wait for its result, or cancel it.')
  const path = confined('explain', given)
  for (const file of Object.values(explainedFiles(path)))
    if (file !== undefined && existsSync(file)) confined('explain', file)
  const read = await readExplained(path, { level, model: model === undefined ? undefined : parseModel(model) })
  const explanation = explain(read)
  // In a tool's result, `next` means the next call, and `outcome` means the result of an expectation. So the
  // explanation's `next` is renamed, and its `outcome` is dropped.
  const { next: advice, outcome: _, ...others } = explanation
  const drawing = drawContradiction(read, DRAWING)
  const page = renderExplained(explanation, plainStyle, PAGE)
  return { data: { ...others, advice, drawing }, text: drawing === '' ? page : `${drawing}\n${page}` }
}
