import type { Trigger, TriggerEvent } from '../catalogue/routine.ts'
import { columnsOf, type Table } from '../catalogue/table.ts'
import { NotSupported } from '../sql/error.ts'
import type { Tuple } from '../storage/model.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { SqlValue } from '../types/value.ts'
import type { Context } from './context.ts'
import type { CompiledTrigger, Run, TableFacts } from './model.ts'
import { addRelation, QueryScope } from './scope.ts'

export function compileTriggers(table: Table, context: Context): readonly CompiledTrigger[] {
  return table.triggers.map((trigger) => {
    if (trigger.when === undefined) return { trigger, when: undefined }
    const scope = new QueryScope(context, undefined)
    if (!onlyFor(trigger, 'DELETE')) addRelation(scope, 'new', columnsOf(table), undefined)
    else scope.width += columnsOf(table).length
    if (!onlyFor(trigger, 'INSERT')) addRelation(scope, 'old', columnsOf(table), undefined)
    return { trigger, when: context.condition(trigger.when, scope, 'trigger WHEN') }
  })
}

const onlyFor = ({ events }: Trigger, event: TriggerEvent): boolean => events.size === 1 && events.has(event)

type Values = readonly SqlValue[] | undefined

function fires(
  { trigger, when }: CompiledTrigger,
  facts: TableFacts,
  event: TriggerEvent,
  before: Values,
  after: Values,
  run: Run,
): boolean {
  if (!trigger.events.has(event)) return false
  const { columns } = trigger
  if (event === 'UPDATE' && columns.length > 0 && !columns.some((place) => facts.assigned.has(place))) return false
  if (when === undefined) return true
  const all = columnsOf(facts.table)
  const row = [after, before].flatMap((values) => all.map((column) => values?.[column.attribute - 1] ?? null))
  return when.evaluate({ row, parameters: [], session: run }) === true
}

export function hasBefore(facts: TableFacts, event: TriggerEvent): boolean {
  return facts.triggers.some(
    ({ trigger }) => trigger.timing === 'BEFORE' && trigger.level === 'ROW' && trigger.events.has(event),
  )
}

/**
 * Refuses triggers that are not simulated if a foreign key's action, such as ON DELETE CASCADE, changes the table. In
 * PostgreSQL, such an action is a statement of its own.
 */
export function refuseTriggers({ table, triggers }: TableFacts, event: TriggerEvent): void {
  for (const { trigger } of triggers)
    if (trigger.events.has(event) && (trigger.timing === 'BEFORE' || trigger.level === 'STATEMENT'))
      throw new NotSupported(`the trigger ${trigger.name} of ${table.name}, whose rows a foreign key changes`)
}

/** Fires BEFORE … FOR EACH ROW triggers. Returns the row to write, if any. */
export function* fireBefore(
  facts: TableFacts,
  event: TriggerEvent,
  before: Values,
  after: Values,
  run: Run,
): Coroutine<SqlValue[] | undefined> {
  let current = after
  for (const each of facts.triggers) {
    const { trigger } = each
    if (trigger.timing !== 'BEFORE' || trigger.level !== 'ROW') continue
    if (!fires(each, facts, event, before, current, run)) continue
    const returned = yield* run.fire({ trigger, table: facts.table, event, before, after: current })
    if (returned === undefined) return undefined
    if (event !== 'DELETE') current = returned
  }
  return [...(current ?? before ?? [])]
}

/** Schedules AFTER … FOR EACH ROW triggers for the end of the statement. */
export function oweAfter(
  facts: TableFacts,
  event: TriggerEvent,
  before: Tuple | undefined,
  after: Tuple | undefined,
  run: Run,
): void {
  for (const each of facts.triggers) {
    const { trigger } = each
    if (trigger.timing !== 'AFTER' || trigger.level !== 'ROW') continue
    if (!fires(each, facts, event, before?.values, after?.values, run)) continue
    run.owed.push({
      deferred: false,
      constraint: trigger.name,
      *run(later) {
        yield* later.fire({ trigger, table: facts.table, event, before: before?.values, after: after?.values })
      },
    })
  }
}

/** FOR EACH STATEMENT. */
export function* fireStatement(facts: TableFacts, timing: Trigger['timing'], event: TriggerEvent, run: Run): Coroutine {
  for (const each of facts.triggers) {
    const { trigger } = each
    if (trigger.timing !== timing || trigger.level !== 'STATEMENT') continue
    if (!fires(each, facts, event, undefined, undefined, run)) continue
    const fire = (on: Run) => on.fire({ trigger, table: facts.table, event, before: undefined, after: undefined })
    if (timing === 'BEFORE') yield* fire(run)
    else
      run.owed.push({
        deferred: false,
        constraint: trigger.name,
        *run(later) {
          yield* fire(later)
        },
      })
  }
}
