import { NotSupported } from '../sql/error.ts'
import { kindOf, type Node } from '../sql/nodes.ts'
import type { Context } from './context.ts'
import { compileDelete } from './delete.ts'
import { compileInsert } from './insert.ts'
import type { ModificationPlan } from './model.ts'
import type { QueryScope } from './scope.ts'
import { compileUpdate } from './update.ts'

/** Compiles INSERT, UPDATE or DELETE. `names` is where the names of WITH are looked for. */
export function compileModification(node: Node, context: Context, names: QueryScope | undefined): ModificationPlan {
  if ('InsertStmt' in node) return compileInsert(node.InsertStmt, context, names)
  if ('UpdateStmt' in node) return compileUpdate(node.UpdateStmt, context, names)
  if ('DeleteStmt' in node) return compileDelete(node.DeleteStmt, context, names)
  throw new NotSupported('MergeStmt' in node ? 'MERGE' : kindOf(node))
}
