/**
 * The parameters of a workgroup. All that AWS sets by itself are named, because the provider compares the whole set: a parameter left out
 * would be a change in every plan. The last one is what AWS itself starts with: a statement may take four hours.
 */
export const PARAMETERS: Readonly<Record<string, string>> = {
  require_ssl: "true",
  enable_user_activity_logging: "true",
  auto_mv: "true",
  datestyle: "ISO, MDY",
  enable_case_sensitive_identifier: "false",
  query_group: "default",
  search_path: "$user, public",
  use_fips_ssl: "false",
  max_query_execution_time: "14400",
};
