/** The condition names of EXCEPTION WHEN that programs commonly use (PostgreSQL's appendix A). */
const CODES: Readonly<Record<string, string>> = {
  successful_completion: '00000',
  case_not_found: '20000',
  cardinality_violation: '21000',
  data_exception: '22000',
  string_data_right_truncation: '22001',
  numeric_value_out_of_range: '22003',
  null_value_not_allowed: '22004',
  invalid_datetime_format: '22007',
  datetime_field_overflow: '22008',
  division_by_zero: '22012',
  invalid_parameter_value: '22023',
  invalid_text_representation: '22P02',
  integrity_constraint_violation: '23000',
  restrict_violation: '23001',
  not_null_violation: '23502',
  foreign_key_violation: '23503',
  unique_violation: '23505',
  check_violation: '23514',
  exclusion_violation: '23P01',
  invalid_transaction_state: '25000',
  read_only_sql_transaction: '25006',
  triggered_data_change_violation: '27000',
  dependent_objects_still_exist: '2BP01',
  invalid_schema_name: '3F000',
  transaction_rollback: '40000',
  serialization_failure: '40001',
  deadlock_detected: '40P01',
  syntax_error_or_access_rule_violation: '42000',
  syntax_error: '42601',
  insufficient_privilege: '42501',
  datatype_mismatch: '42804',
  undefined_column: '42703',
  undefined_function: '42883',
  undefined_table: '42P01',
  undefined_parameter: '42P02',
  undefined_object: '42704',
  duplicate_column: '42701',
  duplicate_cursor: '42P03',
  duplicate_function: '42723',
  duplicate_prepared_statement: '42P05',
  duplicate_schema: '42P06',
  duplicate_table: '42P07',
  duplicate_alias: '42712',
  duplicate_object: '42710',
  invalid_table_definition: '42P16',
  invalid_object_definition: '42P17',
  wrong_object_type: '42809',
  program_limit_exceeded: '54000',
  object_not_in_prerequisite_state: '55000',
  object_in_use: '55006',
  lock_not_available: '55P03',
  query_canceled: '57014',
  raise_exception: 'P0001',
  no_data_found: 'P0002',
  too_many_rows: 'P0003',
  assert_failure: 'P0004',
}

export function conditionCode(condition: string): string | undefined {
  return /^[0-9A-Z]{5}$/.test(condition) ? condition : CODES[condition]
}

/** Whether a condition catches an error. OTHERS does not catch cancellation and failed assertions. */
export function catches(condition: string, code: string): boolean {
  if (condition === 'others') return code !== '57014' && code !== 'P0004'
  const wanted = conditionCode(condition)
  return wanted === code || (wanted?.endsWith('000') === true && wanted.slice(0, 2) === code.slice(0, 2))
}
