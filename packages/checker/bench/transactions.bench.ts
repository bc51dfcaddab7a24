import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateTransactions, type TransactionShape } from './generate-transactions.ts'
import type { MeasuredTransactions } from './measure-transactions.ts'

export const name: string = 'transactions: list-append, JSON lines in, strict serializability out'

interface Case {
  readonly title: string
  readonly shape: TransactionShape
  readonly goal: string
}

const cases: readonly Case[] = [
  {
    title: '100,000 transactions',
    shape: { transactions: 100_000, hasSkew: false },
    goal: 'check at most 0.5 s',
  },
  {
    title: '100,000 transactions, one write skew',
    shape: { transactions: 100_000, hasSkew: true },
    goal: 'check at most 0.8 s',
  },
  {
    title: '1,000,000 transactions',
    shape: { transactions: 1_000_000, hasSkew: false },
    goal: 'at most 7 s and 1,000 MB in all',
  },
]

const ROUNDS = 3

export async function run(print: (line: string) => void): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-bench-'))
  try {
    for (const { title, shape, goal } of cases) {
      const path = join(directory, 'history.jsonl')
      generateTransactions(path, shape)
      print(
        `${title} (${(statSync(path).size / 1e6).toFixed(0)} MB); goal where the calibration loop takes 18 ms: ${goal}`,
      )
      for (let round = 0; round < ROUNDS; round++) print(`  ${rowText(measured(path))}`)
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const script = fileURLToPath(new URL('./measure-transactions.js', import.meta.url))

const measured = (path: string): MeasuredTransactions =>
  JSON.parse(
    execFileSync(process.execPath, [script, path], { encoding: 'utf8', maxBuffer: 1 << 20 }),
  ) as MeasuredTransactions

const rowText = ({ verdict, readMs, checkMs, peakMb, calibrationMs }: MeasuredTransactions): string =>
  `${verdict.padEnd(8)} read ${seconds(readMs)}   check ${seconds(checkMs)}   together ${seconds(readMs + checkMs)}   ` +
  `peak ${peakMb.toFixed(0)} MB   calibration ${calibrationMs.toFixed(1)} ms`

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`
