import { type History, historyFromObjects } from '@chaosproxy/history'
import type { WitnessedTransaction } from '@chaosproxy/simulated-postgresql'

/**
 * Returns the transactions of the simulated PostgreSQL as a history. For each access to a cell, such as
 * `doctors/x/1/on_call`, the history has the version of the cell.
 */
export function historyOfWitnessed(transactions: readonly WitnessedTransaction[], node: string): History {
  const processOf = freeProcesses()
  const witnessed = transactions
    .filter(({ statements }) => statements.some(({ accesses }) => accesses.length > 0))
    .sort((one, other) => one.began - other.began)
  const events = witnessed.flatMap((transaction) => {
    const { pid, began, ended, isolation, group, statements } = transaction
    const accesses = statements.flatMap((statement) => statement.accesses)
    const process = processOf(pid, began, ended)
    const shared = { process, f: 'txn', value: accesses.map(({ does, cell, value }) => [does, cell, value]) }
    const note = {
      statements: statements.map(({ sql, accesses: own, from, to }) => [sql, own.length, from, to]),
      versions: accesses.map(({ version }) => version),
      isolation,
      ...(group === undefined ? {} : { request: group }),
    }
    return [
      { type: 'invoke', ...shared, time: began },
      { type: 'ok', ...shared, time: ended, ...note },
    ]
  })
  events.sort((one, other) => one.time - other.time || Number(one.type === 'ok') - Number(other.type === 'ok'))
  return historyFromObjects([{ chaos: 1, model: 'rw-register', initial: 'unknown' }, ...events], node)
}

/**
 * Returns a function that chooses a process of the history for each transaction. A process has one connection, and
 * never two transactions at the same time.
 */
function freeProcesses(): (pid: number, began: number, ended: number) => number {
  const busy: { readonly pid: number; until: number }[] = []
  return (pid, began, ended) => {
    const free = busy.findIndex((process) => process.pid === pid && process.until < began)
    const [known, process] = [busy[free], free < 0 ? busy.length : free]
    if (known === undefined) busy.push({ pid, until: ended })
    else known.until = ended
    return process
  }
}
