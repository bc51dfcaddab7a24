import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Changes } from '../execute/view.ts'
import type { Heap, Row, Transaction, Tuple } from '../storage/model.ts'
import { Cells } from './cells.ts'
import { type Executed, RepeatedEvaluation } from './executed.ts'
import { type Committed, grouped, isWithin, type Member } from './members.ts'
import { type Other, sightOf, withoutVersion, withVersion } from './sight.ts'
import {
  type Changed,
  changedPlaces,
  changesSince,
  lastUpTo,
  type RowHistory,
  textOf,
  writtenPlaces,
} from './versions.ts'
import type { Grouping, Witnessed } from './witnessed.ts'

/** One transaction's change of a row, and whether a statement saw it. */
interface Change {
  readonly history: RowHistory
  readonly at: number
  readonly isSeen: boolean
  readonly other: Other
}

const MOST_ASKED = 20_000

/**
 * The dependencies between committed transactions. A statement that saw a change depends on it if the result would
 * differ without the change. If the result would differ with a change that the statement missed, the dependency points
 * the other way. Each comparison evaluates the statement again.
 */
export class Dependencies {
  readonly #catalogue: Catalogue
  readonly #members: readonly Member[]
  readonly #grouping: Grouping
  readonly #changed: Changed
  readonly #evaluations = new Map<Executed, RepeatedEvaluation>()
  #questions = 0
  #unknown: string | undefined

  constructor(catalogue: Catalogue, committed: readonly Committed[], grouping: Grouping) {
    this.#catalogue = catalogue
    this.#grouping = grouping
    this.#members = grouped(committed, grouping)
    const statements = committed.flatMap((each) => each.statements)
    const since = statements.reduce(
      (least, { run }) => Math.min(least, run.snapshot.commitNumber),
      Number.POSITIVE_INFINITY,
    )
    const assigned = new Map(statements.flatMap(({ met }) => [...met.assigned]))
    this.#changed = changesSince(catalogue, since, assigned)
  }

  witnessed(): Witnessed {
    const cells = new Cells()
    const connected = new Set<Member>()
    for (const [from, to] of this.#stretches()) {
      const groups = new Set(
        this.#members
          .filter(({ transaction: { commitNumber } }) => commitNumber >= from && commitNumber <= to)
          .map(({ group }) => group),
      )
      const members = this.#members.filter(({ group }) => groups.has(group))
      cells.begin(members)
      this.#relate(members, cells)
      for (const member of members) connected.add(member)
    }
    const transactions = this.#members.filter((member) => connected.has(member))
    const commits = this.#members
      .filter(({ transaction }) => this.#hasChanged(transaction))
      .map(({ statements, ended, group }) => {
        const writing = statements.filter(({ plan }) => plan.writes !== undefined)
        const parameters = writing.map(({ run }) => run.parameters.map(textOf).join()).join('; ')
        return { ended, group: group.name, sql: writing.map((executed) => executed.sql), parameters }
      })
    return { commits, transactions: cells.transactionsOf(transactions), unknown: this.#unknown }
  }

  /**
   * Returns the ranges of commits in which a cycle is possible. First, a change may have committed that a statement did
   * not see, and that would have altered the statement's result. The range begins with this commit, and ends with the
   * last commit of the statement's group (see `grouped`). Second, a transaction may have committed between the commits
   * of another group. The range contains all commits of that group.
   */
  #stretches(): readonly (readonly [from: number, to: number])[] {
    const found: [from: number, to: number][] = []
    const writers = this.#members.filter(({ transaction }) => this.#changed.has(transaction))
    for (const { statements, group } of this.#members) {
      const isAmid = group.size > 1 && this.#members.some((other) => other.group !== group && isWithin(other, group))
      if (isAmid) found.push([group.first, group.last])
      for (const executed of statements) {
        const unmoved: Change[] = []
        for (let at = lastUpTo(writers, executed.run.snapshot.commitNumber) + 1; at < writers.length; at++) {
          const writer = writers[at]
          if (writer === undefined || writer.transaction.commitNumber >= group.last) break
          const { commitNumber } = writer.transaction
          if (writer.group === group || found.some(([from, to]) => from <= commitNumber && to >= group.last)) continue
          const missed = this.#changesOf(writer, executed).filter(({ isSeen }) => !isSeen)
          if (this.#matter(executed, missed)) found.push([commitNumber, group.last])
          else unmoved.push(...missed)
        }
        // The changes of several transactions may alter the result only together. A dependency on one transaction
        // cannot express this.
        if (unmoved.length > 1 && this.#matter(executed, unmoved))
          this.#unknown ??= `the result of ${executed.sql} depends on several transactions together, and on none of them alone`
      }
    }
    found.sort(([one], [other]) => one - other)
    const merged: [number, number][] = []
    for (const [from, to] of found) {
      const last = merged.at(-1)
      if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to)
      else merged.push([from, to])
    }
    return merged
  }

  #hasChanged(transaction: Transaction): boolean {
    return (this.#changed.get(transaction) ?? []).some((history) => {
      const at = history.places.get(transaction) ?? -1
      return changedPlaces(history, at)?.length !== 0
    })
  }

  #changesOf({ transaction }: Committed, executed: Executed): readonly Change[] {
    const { tables } = executed.plan
    return (this.#changed.get(transaction) ?? []).flatMap((history): Change[] => {
      if (!tables.has(history.table)) return []
      const sight = sightOf(executed, history)
      if (sight === undefined) return []
      const at = history.places.get(transaction) ?? -1
      const isSeen = at <= sight.at
      const other = isSeen ? withoutVersion(sight, history, at) : withVersion(sight, history, at)
      return other === undefined ? [] : [{ history, at, isSeen, other }]
    })
  }

  #matter(executed: Executed, changes: readonly Pick<Change, 'history' | 'other'>[]): boolean {
    if (changes.length === 0) return false
    if (this.#questions++ >= MOST_ASKED) {
      this.#unknown ??= 'too many transactions overlap'
      return false
    }
    const evaluation = this.#evaluations.get(executed) ?? new RepeatedEvaluation(executed, this.#catalogue.version)
    this.#evaluations.set(executed, evaluation)
    const differs = evaluation.differsBy(changesOf(changes))
    if (differs === undefined) this.#unknown ??= `${executed.sql} cannot be evaluated again with other rows`
    return differs === true
  }

  #relate(members: readonly Member[], cells: Cells): void {
    for (const writer of members)
      for (const reader of members) {
        if (writer.group === reader.group) continue
        for (const executed of reader.statements) {
          const changes = this.#changesOf(writer, executed)
          for (const isSeen of [true, false])
            this.#relateBy(
              executed,
              changes.filter((change) => change.isSeen === isSeen),
              { reader, writer, cells },
            )
        }
      }
    cells.addWrites(members, this.#changed)
  }

  #relateBy(
    executed: Executed,
    changes: readonly Change[],
    { reader, writer, cells }: { readonly reader: Member; readonly writer: Member; readonly cells: Cells },
  ): void {
    if (!this.#matter(executed, changes)) return
    const single = changes.filter((change) => changes.length === 1 || this.#matter(executed, [change]))
    // If only all changes together alter the result, the first change represents them.
    for (const change of single.length === 0 ? changes.slice(0, 1) : single) {
      const { history, at, isSeen } = change
      if (!this.#grouping.phantoms && this.#isPhantom(executed, history)) continue
      const places = this.#placesOf(executed, change)
      cells.addRead({ history, places, executed, reader, writer, at, isSeen })
    }
  }

  /** Whether the statement did not see the row, or would have the same result without it. */
  #isPhantom(executed: Executed, history: RowHistory): boolean {
    const sight = sightOf(executed, history)
    return sight?.tuple === undefined || !this.#matter(executed, [{ history, other: { tuple: undefined } }])
  }

  /** Returns the columns of a change that matter to the statement; undefined for the whole row. */
  #placesOf(executed: Executed, { history, at, isSeen }: Change): readonly number[] | undefined {
    const sight = sightOf(executed, history)
    const all = (isSeen ? changedPlaces(history, at) : writtenPlaces(history, at))?.filter(
      (place) => sight?.own.has(place) !== true,
    )
    if (all === undefined || sight === undefined || all.length === 1) return all
    const alone = all.find((place) => {
      const other = (isSeen ? withoutVersion : withVersion)(sight, history, at, [place])
      return other !== undefined && this.#matter(executed, [{ history, other }])
    })
    return alone === undefined ? all : [alone]
  }
}

function changesOf(changes: readonly Pick<Change, 'history' | 'other'>[]): Changes {
  const found = new Map<Heap, Map<Row, Tuple | undefined>>()
  for (const { history, other } of changes) {
    const rows = found.get(history.table) ?? new Map<Row, Tuple | undefined>()
    found.set(history.table, rows.set(history.row, other.tuple))
  }
  return found
}
