import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.sql.Connection;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.configuration.support.MapJobRegistry;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.builder.JobBuilder;
import org.springframework.batch.core.job.parameters.JobParameters;
import org.springframework.batch.core.launch.support.TaskExecutorJobOperator;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.batch.core.repository.support.JdbcJobRepositoryFactoryBean;
import org.springframework.batch.core.step.StepExecution;
import org.springframework.batch.core.step.builder.ChunkOrientedStepBuilder;
import org.springframework.batch.core.step.builder.StepBuilder;
import org.springframework.batch.infrastructure.item.ItemWriter;
import org.springframework.batch.infrastructure.item.database.JdbcPagingItemReader;
import org.springframework.batch.infrastructure.item.database.Order;
import org.springframework.batch.infrastructure.item.database.builder.JdbcPagingItemReaderBuilder;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * The same work as the hand-written loop's, as a Spring Batch job: pages of 1,000 rows of the table `asset` by key, a
 * no-op processor, and for each chunk of 1,000 one transaction that inserts an outcome row per asset and updates the job
 * repository, which is in the same database. Stays warm between runs: reads a JDBC URL a line from standard input, and
 * answers each with a line of JSON. After `failing `, the write of one asset in a hundred fails, and is skipped.
 */
public final class SpringBatchPeer {
  private static final int CHUNK = 1_000;
  private static final int FAILS_EVERY = 100;
  private static final String FAILING = "failing ";

  private record Asset(int id, String path) {}

  public static void main(String[] args) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String answer;
      try {
        boolean failing = line.startsWith(FAILING);
        answer = run(failing ? line.substring(FAILING.length()) : line, failing);
      } catch (Throwable wrong) {
        answer = "{\"failed\":\"" + String.valueOf(wrong).replaceAll("[^ -~]|[\"\\\\]", " ") + "\"}";
      }
      System.out.println(answer);
    }
  }

  private static String run(String url, boolean failing) throws Exception {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setMaximumPoolSize(2);
    try (HikariDataSource source = new HikariDataSource(config)) {
      boolean sqlite = url.startsWith("jdbc:sqlite:");
      String schema = sqlite ? "sqlite" : "postgresql";
      new ResourceDatabasePopulator(
              new ClassPathResource("org/springframework/batch/core/schema-" + schema + ".sql"))
          .execute(source);
      PlatformTransactionManager transactions = new JdbcTransactionManager(source);
      JobRepository repository = repository(source, transactions);
      JdbcTemplate jdbc = new JdbcTemplate(source);
      ItemWriter<Asset> writer = sqlite ? rowByRow(jdbc) : inOneStatement(jdbc);
      Job job = job(repository, transactions, reader(source), failing ? failing(writer) : writer, failing);
      TaskExecutorJobOperator operator = new TaskExecutorJobOperator();
      operator.setJobRepository(repository);
      operator.setJobRegistry(new MapJobRegistry());
      operator.afterPropertiesSet();
      long began = System.nanoTime();
      JobExecution execution = operator.start(job, new JobParameters());
      double seconds = (System.nanoTime() - began) / 1e9;
      if (execution.getStatus() != BatchStatus.COMPLETED) {
        throw new IllegalStateException("the job ended as " + execution.getStatus() + execution.getAllFailureExceptions());
      }
      long skipped = execution.getStepExecutions().stream().mapToLong(StepExecution::getWriteSkipCount).sum();
      long handled = jdbc.queryForObject("select count(*) from outcome", Long.class) + skipped;
      return "{\"handled\":" + handled + ",\"seconds\":" + seconds + "}";
    }
  }

  private static JobRepository repository(DataSource source, PlatformTransactionManager transactions) throws Exception {
    JdbcJobRepositoryFactoryBean factory = new JdbcJobRepositoryFactoryBean();
    factory.setDataSource(source);
    factory.setTransactionManager(transactions);
    factory.afterPropertiesSet();
    return factory.getObject();
  }

  private static Job job(
      JobRepository repository,
      PlatformTransactionManager transactions,
      JdbcPagingItemReader<Asset> reader,
      ItemWriter<Asset> writer,
      boolean skipping) {
    ChunkOrientedStepBuilder<Asset, Asset> step =
        new StepBuilder("assets", repository)
            .<Asset, Asset>chunk(CHUNK)
            .transactionManager(transactions)
            .reader(reader)
            .processor(asset -> asset)
            .writer(writer);
    // Where nothing is to be skipped, it is not asked to be able to: that is faster. Nor does it try again, which pauses.
    if (skipping) {
      step.faultTolerant()
          .retryPolicy(RetryPolicy.builder().maxRetries(0).build())
          .skip(IllegalArgumentException.class)
          .skipLimit(Long.MAX_VALUE);
    }
    return new JobBuilder("assets", repository).start(step.build()).build();
  }

  private static JdbcPagingItemReader<Asset> reader(DataSource source) throws Exception {
    JdbcPagingItemReader<Asset> reader =
        new JdbcPagingItemReaderBuilder<Asset>()
            .name("assets")
            .dataSource(source)
            .selectClause("select id, path")
            .fromClause("from asset")
            .sortKeys(Map.of("id", Order.ASCENDING))
            .pageSize(CHUNK)
            .fetchSize(CHUNK)
            .rowMapper((row, number) -> new Asset(row.getInt(1), row.getString(2)))
            .build();
    reader.afterPropertiesSet();
    return reader;
  }

  private static ItemWriter<Asset> failing(ItemWriter<Asset> writer) {
    return assets -> {
      for (Asset asset : assets) {
        if (asset.id() % FAILS_EVERY == 0) throw new IllegalArgumentException("made to fail");
      }
      writer.write(assets);
    };
  }

  private static ItemWriter<Asset> rowByRow(JdbcTemplate jdbc) {
    return assets -> {
      long at = System.currentTimeMillis();
      jdbc.batchUpdate(
          "insert into outcome values (?, ?, 'SUCCEEDED', ?)",
          assets.getItems(),
          CHUNK,
          (statement, asset) -> {
            statement.setInt(1, asset.id());
            statement.setString(2, asset.path());
            statement.setLong(3, at);
          });
    };
  }

  /** One statement per chunk is faster on PostgreSQL than a batch of inserts. */
  private static ItemWriter<Asset> inOneStatement(JdbcTemplate jdbc) {
    return assets -> {
      List<? extends Asset> items = assets.getItems();
      Object[] ids = items.stream().map(Asset::id).toArray();
      Object[] paths = items.stream().map(Asset::path).toArray();
      jdbc.update(
          "insert into outcome select id, path, 'SUCCEEDED', ? from unnest(?, ?) as t(id, path)",
          statement -> {
            Connection connection = statement.getConnection();
            statement.setLong(1, System.currentTimeMillis());
            statement.setArray(2, connection.createArrayOf("integer", ids));
            statement.setArray(3, connection.createArrayOf("text", paths));
          });
    };
  }
}
