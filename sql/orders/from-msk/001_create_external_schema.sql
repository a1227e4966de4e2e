-- The older form: Redshift asks MSK for the brokers' addresses, which needs kafka:GetBootstrapBrokers for its role.
CREATE EXTERNAL SCHEMA kafka_orders
FROM MSK
IAM_ROLE default
AUTHENTICATION iam
CLUSTER_ARN :'cluster_arn';
