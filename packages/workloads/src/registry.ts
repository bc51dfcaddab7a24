import { bank } from './bank.ts'
import { counter } from './counter.ts'
import { append, listAppend } from './growing.ts'
import { lock } from './lock.ts'
import { log } from './log.ts'
import { queue } from './queue.ts'
import { readOnly } from './read-only.ts'
import { register } from './register.ts'
import { set } from './set.ts'
import { stream } from './stream.ts'
import { longFork, txnListAppend, txnRwRegister, writeSkew } from './transactions.ts'
import { uniqueIds } from './unique-ids.ts'
import { watch } from './watch.ts'
import { workQueue } from './work-queue.ts'
import type { Workload } from './workload.ts'

/** The built-in workloads. */
export const workloads: readonly Workload[] = [
  register,
  append,
  counter,
  set,
  queue,
  lock,
  listAppend,
  txnListAppend,
  txnRwRegister,
  writeSkew,
  longFork,
  bank,
  uniqueIds,
  log,
  watch,
  stream,
  workQueue,
  readOnly,
]

export const findWorkload = (name: string): Workload | undefined => workloads.find((workload) => workload.name === name)

export const allFunctions: readonly string[] = [...new Set(workloads.flatMap(({ functions }) => functions))]
