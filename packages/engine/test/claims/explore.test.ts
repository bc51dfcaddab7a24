import { appendFileSync, writeFileSync } from 'node:fs'
import { test } from 'vitest'
import { factsOf } from '../../../report/src/facts/facts.ts'
import { toldRun } from '../../../report/src/telling/told-run.ts'
import { drafts, runOf } from './simulated-runs.ts'

test('explore', async () => {
  const out = process.env['OUT']!
  writeFileSync(out, `${drafts.length} drafts\n`)
  const step = Number(process.env['STEP'] ?? 20)
  let seed = Number(process.env['FROM'] ?? 0)
  for (let i = seed % step; i < drafts.length; i += step) {
    seed++
    const t = performance.now()
    const judged = await runOf(drafts[i]!, seed).catch((e) => {
      appendFileSync(out, `ERR ${JSON.stringify(drafts[i])} ${e.message}\n`)
      return undefined
    })
    if (judged === undefined) continue
    const told = toldRun(judged.history, judged.summary)
    const { claims } = factsOf({ history: judged.history, report: judged.summary.report, run: judged.summary })
    for (const { claim, held } of claims) appendFileSync(out, `CLAIM ${held} ${JSON.stringify(claim).slice(0, 400)}\n`)
    appendFileSync(
      out,
      `${JSON.stringify(drafts[i])} seed ${seed} ${Math.round(performance.now() - t)}ms ${told.outcome}\n   ${told.what}\n   WHY ${told.why.text} [${told.why.certainty}] {${told.why.settings}}\n   NEXT ${told.next.text}\n`,
    )
  }
}, 600_000)
