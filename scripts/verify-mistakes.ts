import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'
import { applied, type Mutation } from './mutations/mutation.ts'

// `npm run mutate -- --verify HISTORIES` tests the verifier. For each deliberate mistake in the checker, a checker with
// this mistake judges the histories of the checker's tests. Only the verifier examines the verdicts: no test runs.
// `HISTORIES_FILE=… npx vitest run packages/checker` collects the histories.

/** What `packages/checker/test/proof/judge-again.ts` tells. */
interface Outcome {
  readonly caught?: string
  readonly wrong?: string
  readonly isAccepted?: boolean
  readonly other: number
  readonly unknown: number
  readonly threw: number
}

/** A checker that needs longer counts as one that never states a verdict. */
const LIMIT_MS = 120_000

/**
 * Judges the histories by checkers with one mistake each, and prints what the verifier says of the verdicts of each
 * checker. Returns 1 if the verifier catches less than 95 % of the checkers with a wrong verdict, and 0 otherwise.
 */
export async function verifyMistakes(
  root: string,
  directory: string,
  all: readonly Mutation[],
  histories: string,
  jobs: number,
): Promise<number> {
  const judge = join(directory, 'judge-again.mjs')
  const judged = join(directory, 'judged.jsonl')
  await bundle(root, join(root, 'packages/checker/test/proof/judge-again.ts'), judge)
  const checker = join(directory, 'checker.mjs')
  await bundle(root, join(root, 'packages/checker/src/index.ts'), checker)
  await run([judge, pathToFileURL(checker).href, histories, judged])
  const counts = new Map<string, number>()
  const waiting = [...all]
  const work = async (job: number): Promise<void> => {
    const [broken, outcome] = [join(directory, `checker-${job}.mjs`), join(directory, `outcome-${job}.json`)]
    for (let mutation = waiting.shift(); mutation !== undefined; mutation = waiting.shift()) {
      await bundle(root, join(root, 'packages/checker/src/index.ts'), broken, mutation)
      writeFileSync(outcome, JSON.stringify({ other: 0, unknown: 0, threw: 0 }))
      const isDone = await run([judge, pathToFileURL(broken).href, histories, judged, outcome])
      const told: Outcome = JSON.parse(readFileSync(outcome, 'utf8'))
      const word = isDone ? wordOf(told) : 'never ends'
      counts.set(word, (counts.get(word) ?? 0) + 1)
      console.log(`${word.padEnd(17)} ${mutation.name}  ${(told.caught ?? told.wrong ?? '').slice(0, 120)}`)
    }
  }
  await Promise.all(Array.from({ length: jobs }, (_, job) => work(job)))
  for (const [word, count] of counts) console.log(`${count} ${word}`)
  const caught = counts.get('caught') ?? 0
  const wrong = caught + (counts.get('WRONG, ACCEPTED') ?? 0)
  console.log(`The verifier alone catches ${caught} of ${wrong} that state a wrong or unfounded verdict.`)
  return caught < 0.95 * wrong ? 1 : 0
}

function wordOf({ caught, wrong, isAccepted, other, unknown, threw }: Outcome): string {
  if (caught !== undefined) return 'caught'
  if (wrong !== undefined) return isAccepted === true ? 'WRONG, ACCEPTED' : 'not covered'
  if (threw > 0) return 'throws'
  if (unknown > 0) return 'only unknown'
  return other > 0 ? 'only words' : 'no difference'
}

async function bundle(root: string, input: string, file: string, mutation?: Mutation): Promise<void> {
  const wrong = mutation === undefined ? undefined : join(root, 'packages', 'checker', 'src', mutation.file)
  const built = await rolldown({
    input,
    platform: 'node',
    plugins: [
      {
        name: 'sources',
        resolveId: (id) => {
          const [, name] = /^@chaosproxy\/([a-z]+)$/.exec(id) ?? []
          return name === undefined ? undefined : join(root, 'packages', name, 'src', 'index.ts')
        },
        transform: (code, id) => (mutation !== undefined && id === wrong ? applied(code, mutation) : undefined),
      },
    ],
  })
  await built.write({ file, format: 'esm', codeSplitting: false })
  await built.close()
}

/** Whether a program ends in time. @throws if it fails */
async function run(args: readonly string[]): Promise<boolean> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    child.kill('SIGKILL')
  }, LIMIT_MS)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  clearTimeout(timer)
  if (!isLate && code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}`)
  return !isLate
}
