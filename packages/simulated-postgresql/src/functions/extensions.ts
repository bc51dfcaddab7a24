/** The extensions that CREATE EXTENSION accepts, with their functions. */
const EXTENSIONS: { readonly [extension: string]: readonly string[] } = {
  plpgsql: [],
  pgcrypto: [
    ...['armor', 'crypt', 'dearmor', 'decrypt', 'decrypt_iv', 'digest', 'encrypt', 'encrypt_iv', 'gen_random_bytes'],
    ...['gen_salt', 'hmac', 'pgp_key_id', 'pgp_pub_decrypt', 'pgp_pub_encrypt', 'pgp_sym_decrypt', 'pgp_sym_encrypt'],
  ],
  btree_gist: [
    ...['cash_dist', 'date_dist', 'float4_dist', 'float8_dist', 'int2_dist', 'int4_dist', 'int8_dist', 'interval_dist'],
    ...['oid_dist', 'time_dist', 'ts_dist', 'tstz_dist'],
  ],
  citext: ['citext', 'citext_cmp', 'citext_hash', 'citext_larger', 'citext_smaller'],
  'uuid-ossp': [
    ...['uuid_generate_v1', 'uuid_generate_v1mc', 'uuid_generate_v3', 'uuid_generate_v5', 'uuid_nil'],
    ...['uuid_ns_dns', 'uuid_ns_oid', 'uuid_ns_url', 'uuid_ns_x500'],
  ],
}

/** Text functions for which citext has versions that ignore case. */
export const OF_CITEXT: ReadonlySet<string> = new Set([
  ...['max', 'min', 'regexp_match', 'regexp_matches', 'regexp_replace', 'regexp_split_to_array', 'replace', 'strpos'],
  ...['regexp_split_to_table', 'split_part', 'translate'],
])

/** Functions of extensions that are equivalent to built-in functions. */
const SAME: ReadonlyMap<string, { readonly function: string; readonly extension: string }> = new Map([
  ['uuid_generate_v4', { function: 'gen_random_uuid', extension: 'uuid-ossp' }],
])

export const isExtension = (name: string): boolean => Object.hasOwn(EXTENSIONS, name)

/**
 * Maps a function of an installed extension to the built-in function that does the same. Returns other names unchanged.
 */
export function ownName(name: string, hasExtension: (extension: string) => boolean): string {
  const same = SAME.get(name)
  return same !== undefined && hasExtension(same.extension) ? same.function : name
}

/** Returns the extensions that would add a function. */
export const extensionsOf = (name: string): readonly string[] =>
  Object.keys(EXTENSIONS).filter((extension) => EXTENSIONS[extension]?.includes(name))
