import type { Node } from '../sql/nodes.ts'

/** Returns the operands of a condition's top-level ANDs. */
export function conjuncts(node: Node): readonly Node[] {
  if ('BoolExpr' in node && node.BoolExpr.boolop === 'AND_EXPR') return (node.BoolExpr.args ?? []).flatMap(conjuncts)
  return [node]
}

/** Returns a parse tree without source locations, so that trees of equal expressions are equal. */
export function withoutLocations(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutLocations)
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(
    Object.entries(node)
      .filter(([name]) => !/(location|list_start|list_end)$/.test(name))
      .map(([name, value]) => [name, withoutLocations(value)]),
  )
}

export function columnReferences(node: unknown): readonly Extract<Node, { ColumnRef: unknown }>[] {
  if (Array.isArray(node)) return node.flatMap(columnReferences)
  if (typeof node !== 'object' || node === null || 'SubLink' in node) return []
  return 'ColumnRef' in node
    ? [node as Extract<Node, { ColumnRef: unknown }>]
    : Object.values(node).flatMap(columnReferences)
}

export function isModification(node: Node): boolean {
  return 'InsertStmt' in node || 'UpdateStmt' in node || 'DeleteStmt' in node || 'MergeStmt' in node
}
