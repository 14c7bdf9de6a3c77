"""The lake of Iceberg tables: in a folder, and on S3 with the Glue Data Catalog."""
