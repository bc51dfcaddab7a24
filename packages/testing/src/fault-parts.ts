/** A fault without `links`, `match` and `when`: its kind and its parameters. */
export type Harm<Fault> = Fault extends unknown ? Omit<Fault, 'links' | 'match' | 'when'> : never

/** The type of a fault's `when`. */
export type Trigger<Fault extends { readonly when?: unknown }> = NonNullable<Fault['when']>
