-- The brokers, as the default role of the namespace may reach them. The addresses are the stack's: see from-msk/ for the form that takes the cluster's ARN instead.
CREATE EXTERNAL SCHEMA kafka_orders
FROM KAFKA
IAM_ROLE default
AUTHENTICATION iam
URI :'bootstrap_servers';
