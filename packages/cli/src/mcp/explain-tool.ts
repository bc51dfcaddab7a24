import { drawContradiction, explain, plainStyle, renderExplained } from '@chaosproxy/report'
import { readExplained } from '../explain/read-explained.ts'
import { confined, confinedWithin } from './confined.ts'
import { type Input, objectOf, oneOf, type Schema, text, texts } from './schema.ts'
import type { Answer, Tool } from './tool.ts'

const listOf = (items: Schema, description: string): Schema => ({ type: 'array', items, description })

export const explainTool: Tool = {
  name: 'explain',
  title: 'Explain a violation',
  summary:
    'Tells the contradiction in a history or a run: a sentence, a drawing as text, the operations in order, the faults that mattered, and what usually causes it.',
  effect: 'reads',
  input: () =>
    objectOf(
      {
        path: text('a history or the directory of a run, within the working directory of this server'),
        level: text('the level to explain; the strongest that is violated if left out'),
        model: text('what the object is; what the history names if left out'),
      },
      ['path'],
    ),
  output: objectOf(
    {
      title: text('what users lost, in their words; the verdict if nothing is lost'),
      verdict: text('the verdict on the level'),
      mood: text('how the verdict is meant: good, bad or unsure'),
      sentence: text('the contradiction in a sentence; empty if nothing is violated'),
      also: texts('the other levels that forbid it, and what else broke levels'),
      messages: texts('what nodes sent each other meanwhile; empty where that was not recorded'),
      drawing: text('the contradiction drawn: time runs down, a lane for each node; empty if nothing is violated'),
      steps: listOf({ type: 'object' }, 'the operations that matter, in the order in which they began'),
      faults: texts('what was broken meanwhile'),
      levels: listOf(
        objectOf(
          {
            level: text('its name'),
            asks: text('what it asks for'),
            result: oneOf(['met', 'violated', 'unknown'], 'the verdict'),
            why: text('in words'),
          },
          ['level', 'result'],
        ),
        'strongest first',
      ),
      causes: listOf({ type: 'object' }, 'what usually leads to this, with a remedy each'),
      notes: texts('why it proves less than it seems to'),
      warnings: texts('what was tolerated in the history, or is missing from it'),
    },
    [
      'title',
      'verdict',
      'sentence',
      'also',
      'messages',
      'drawing',
      'steps',
      'faults',
      'levels',
      'causes',
      'notes',
      'warnings',
    ],
  ),
  call: explained,
}

const PAGE = { width: 110, unicode: true } as const
/** A wide page, since a drawing that does not fit becomes a list. */
const DRAWING = { width: 240, unicode: true } as const

async function explained(input: Input): Promise<Answer> {
  const path = confined('explain', String(input['path']))
  confinedWithin('explain', path, ['history.jsonl', 'history.backend.jsonl', 'run.json'])
  const { level, model } = input
  const read = await readExplained(path, {
    level: level === undefined ? undefined : String(level),
    model: model === undefined ? undefined : String(model),
  })
  const told = explain(read)
  const drawing = drawContradiction(read, DRAWING)
  const page = renderExplained(told, plainStyle, PAGE)
  return { data: { ...told, drawing }, text: drawing === '' ? page : `${drawing}\n${page}` }
}
